"""How large an enlarged picture gets, and whether it may; enlarging is left to the engines."""

from typing import TYPE_CHECKING, cast

from contract.limits import MAX_UPLOAD_PIXELS
from gpu_worker.engines.base import Row
from gpu_worker.failures import TaskFailure

if TYPE_CHECKING:
    from contract.kinds import UpscaleParams


def factor_of(row: Row) -> int:
    """How many times as wide and high; raises TaskFailure where the picture would become larger than one may be."""
    factor = cast("UpscaleParams", row.params).factor
    width, height = (side * factor for side in row.start.size)
    if width * height > MAX_UPLOAD_PIXELS:
        limit = f"{MAX_UPLOAD_PIXELS >> 20} million"
        detail = f"The picture would have {width} × {height} pixels, and {limit} are the most: enlarge it less."
        raise TaskFailure("picture_too_large", detail)
    return factor
