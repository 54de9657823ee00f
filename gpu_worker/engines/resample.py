"""Enlarges pictures by a classical resampler of Pillow: what `upscale` is where no model for it fits."""

from collections.abc import Hashable, Iterator, Sequence

from PIL import Image

from gpu_worker.engines.base import OnStep, Row
from gpu_worker.engines.enlarging import factor_of


class ResampleEngine:
    """Lanczos over a window of three: sharp edges, and no detail that was not there."""

    tokens = 0

    def key(self, row: Row) -> Hashable:
        """Rows share nothing; raises TaskFailure for a picture that would become larger than one may be."""
        return factor_of(row)

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
                picture, factor = row.start, factor_of(row)
                larger = (picture.width * factor, picture.height * factor)
                yield i, picture.resize(larger, Image.Resampling.LANCZOS)
