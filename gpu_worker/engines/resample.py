"""Enlarges pictures by a classical resampler of Pillow: what `upscale` is where no model for it fits."""

from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

from PIL import Image

from contract.limits import MAX_UPLOAD_PIXELS
from gpu_worker.engines.base import OnStep, Row
from gpu_worker.failures import TaskFailure

if TYPE_CHECKING:
    from contract.kinds import UpscaleParams


class ResampleEngine:
    """Lanczos over a window of three: sharp edges, and no detail that was not there."""

    tokens = 0

    def key(self, row: Row) -> Hashable:
        """Rows share nothing; raises TaskFailure for a picture that would become larger than one may be."""
        params = cast("UpscaleParams", row.params)
        width, height = (side * params.factor for side in row.start.size)
        if width * height > MAX_UPLOAD_PIXELS:
            limit = f"{MAX_UPLOAD_PIXELS >> 20} million"
            raise TaskFailure("picture_too_large", f"{width} × {height} pixels are more than {limit}: use less factor.")
        return params.factor

    def run(
        self,
        rows: Sequence[Row],
        *,
        size: int,  # noqa: ARG002 -- the interface's
        on_step: OnStep,
    ) -> Iterator[tuple[int, Image.Image]]:
        """The pictures one after another; `size` says nothing here."""
        for i, row in enumerate(rows):
            if on_step(i, 0.0):
                picture, factor = row.start, cast("UpscaleParams", row.params).factor
                larger = (picture.width * factor, picture.height * factor)
                yield i, picture.resize(larger, Image.Resampling.LANCZOS)
