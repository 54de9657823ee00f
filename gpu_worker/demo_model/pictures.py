"""Training pictures: rasterised icons, repainted, placed on backgrounds, alone or two at a time."""

import io
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gpu_worker.demo_model.colours import colour_rgb, repaint
from gpu_worker.demo_model.icons import Icon
from gpu_worker.pictures.oklab import Floats

Bytes: TypeAlias = NDArray[np.uint8]

SIDE = 64
PAIR_SIDE = 38
_RASTER = 128


def rasterise(icon: Icon) -> Floats:
    """Return the icon as (128, 128, 4) in 0…1 with straight alpha."""
    import resvg_py  # only training needs it, loading the model must not

    png = bytes(resvg_py.svg_to_bytes(svg_string=icon.svg(), width=_RASTER, height=_RASTER))
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    return np.asarray(image, dtype=np.float32) / 255.0


def painted(sprite: Floats, *, colour: str | None) -> Floats:
    """Return the sprite, in the colour of the word if there is one."""
    return sprite if colour is None else repaint(sprite, word=colour)


def alone(sprite: Floats, *, background: str | None = None) -> Bytes:
    """Return a picture (64, 64, 3) of one thing on white or on a coloured ground."""
    canvas = _ground(background)
    _place(canvas, sprite, size=SIDE, left=0, top=0)
    return _bytes(canvas)


def two_things(left: Floats, right: Floats, *, rng: np.random.Generator) -> Bytes:
    """Return a picture (64, 64, 3) of two things on the falling diagonal, the left one higher.

    A diagonal gives each a box of 38 pixels where halves would leave 32, and where the boxes overlap
    most things have nothing to show.
    """
    canvas = _ground(None)
    for sprite, corner in ((left, 0), (right, SIDE - PAIR_SIDE)):
        size = int(rng.integers(PAIR_SIDE - 2, PAIR_SIDE + 1))
        top, start = (corner + int(rng.integers(0, PAIR_SIDE - size + 1)) for _ in range(2))
        _place(canvas, _trim(sprite), size=size, left=start, top=top)
    return _bytes(canvas)


def _ground(colour: str | None) -> Floats:
    rgb = np.ones(3) if colour is None else colour_rgb(colour)
    return np.broadcast_to(rgb, (SIDE, SIDE, 3)).astype(np.float32).copy()


def _trim(sprite: Floats) -> Floats:
    """Cut to the visible part and pad it to a square."""
    rows, columns = np.nonzero(sprite[..., 3] > 0.05)
    cut = sprite[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    height, width = cut.shape[:2]
    side = max(height, width)
    square = np.zeros((side, side, 4), dtype=np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = cut
    return square


def _place(canvas: Floats, sprite: Floats, *, size: int, left: int, top: int) -> None:
    """Lay the sprite over the canvas; resizing premultiplied colours leaves no fringe."""
    solid = np.concatenate([sprite[..., :3] * sprite[..., 3:], sprite[..., 3:]], axis=-1)
    small = np.stack([_resize(solid[..., channel], size) for channel in range(4)], axis=-1)
    region = canvas[top : top + size, left : left + size]
    region *= 1.0 - small[..., 3:]
    region += small[..., :3]


def _resize(plane: Floats, size: int) -> Floats:
    image = Image.fromarray(plane.astype(np.float32), mode="F")
    return np.asarray(
        image.resize((size, size), Image.Resampling.BOX if plane.shape[0] % size == 0 else Image.Resampling.HAMMING)
    )


def _bytes(canvas: Floats) -> Bytes:
    return np.clip(np.rint(canvas * 255.0), 0, 255).astype(np.uint8)
