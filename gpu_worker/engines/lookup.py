"""Describes a picture by the known one that it looks most like: what `caption` is where no captioner fits.

The known pictures are the icons that the demo image model was taught; `demo_model.captioner` makes their index.
"""

import json
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from safetensors import safe_open

from gpu_worker.engines.articles import with_article
from gpu_worker.engines.base import OnStep, Row
from gpu_worker.pictures.oklab import Floats, to_oklab

SIDE = 16
"""Pixels of a known picture's edge: coarse enough that shape and colour count and details do not."""
INDEX = "index.safetensors"


class LookupEngine:
    """One sentence that names the nearest known picture."""

    tokens = 0

    def __init__(self, pictures: Floats, names: Sequence[str]) -> None:
        """`pictures` is (N, 16, 16, 3) in OKLab, `names` what each of them shows."""
        self._pictures = pictures.reshape(len(names), -1)
        self._names = names

    def key(self, row: Row) -> Hashable:  # noqa: ARG002 -- the interface's
        """Any rows fit together."""
        return None

    def run(
        self,
        rows: Sequence[Row],
        *,
        size: int,  # noqa: ARG002 -- the interface's
        on_step: OnStep,
    ) -> Iterator[tuple[int, str]]:
        """The sentences one after another; `size` says nothing here."""
        for i, row in enumerate(rows):
            if on_step(i, 0.0):
                yield i, f"A picture of {self.nearest(row.start)}."

    def nearest(self, picture: Image.Image) -> str:
        """The name, with its article, of the known picture that looks most like this one."""
        distances = ((self._pictures - features(picture).reshape(1, -1)) ** 2).sum(-1)
        name = self._names[int(distances.argmin())]
        return with_article(name, name)


def load(folder: Path) -> LookupEngine:
    """The engine over the index in this folder."""
    with safe_open(folder / INDEX, framework="numpy") as index:
        pictures, names = index.get_tensor("pictures"), json.loads(index.metadata()["names"])
    return LookupEngine(to_oklab(pictures.astype(np.float32) / 255.0), names)


def small(picture: Image.Image) -> Image.Image:
    """The picture (RGB) as the index knows pictures: its middle square, 16 pixels wide."""
    return ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.BOX)


def features(picture: Image.Image) -> Floats:
    """The picture's OKLab, (16, 16, 3)."""
    return to_oklab(np.asarray(small(picture), dtype=np.float32) / 255.0)
