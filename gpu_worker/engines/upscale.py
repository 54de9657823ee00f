"""Enlarges pictures with Swin2SR, tile by tile; where its weights come from is left to `sources`.

Conde et al., "Swin2SR: SwinV2 Transformer for Compressed Image Super-Resolution and Restoration" (2022).
"""

from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import Swin2SRForImageSuperResolution

from gpu_worker.engines.base import OnStep, Row
from gpu_worker.engines.enlarging import factor_of
from gpu_worker.failures import TaskFailure

_Floats = np.ndarray[Any, np.dtype[np.float32]]

_TILE = 256
"""Pixels of a tile's edge: what a picture takes in memory then does not grow with it."""
_OVERLAP = 16
"""Pixels that neighbours share, two windows of attention wide; over them one tile fades into the next."""


class UpscaleEngine:
    """Picture to larger picture, by the one factor that the model was trained for."""

    tokens = 0

    def __init__(self, model: Any, *, tile: int = _TILE) -> None:
        self._model = model
        self._tile = tile

    def key(self, row: Row) -> Hashable:
        """Rows share nothing; raises TaskFailure for another factor, or a picture that would become too large."""
        factor, own = factor_of(row), self._model.config.upscale
        if factor != own:
            raise TaskFailure("unfit_model", f"This model enlarges {own} times, not {factor} times.")
        return factor

    def run(
        self,
        rows: Sequence[Row],
        *,
        size: int,  # noqa: ARG002 -- each picture is a batch of its own: its bytes do not depend on others
        on_step: OnStep,
    ) -> Iterator[tuple[int, Image.Image]]:
        """The pictures one after another."""
        for i, row in enumerate(rows):
            picture = self._enlarged(row.start, i, on_step)
            if picture is not None:
                yield i, picture

    def _enlarged(self, picture: Image.Image, i: int, on_step: OnStep) -> Image.Image | None:
        """The picture, made of tiles that fade into each other; None when nobody wants it any more."""
        factor = self._model.config.upscale
        pixels = _whole_windows(
            np.asarray(picture, dtype=np.float32) / np.float32(255), window=self._model.config.window_size
        )
        rows, columns = (_tiles(side, tile=self._tile) for side in pixels.shape[:2])
        tiles = [(top, left) for top in rows for left in columns]
        total = np.zeros((pixels.shape[0] * factor, pixels.shape[1] * factor, 3), dtype=np.float32)
        weights = np.zeros_like(total[..., :1])
        for number, (top, left) in enumerate(tiles):
            if not on_step(i, number / len(tiles)):
                return None
            made = self._tile_enlarged(pixels[top : top + self._tile, left : left + self._tile])
            there = np.s_[top * factor : top * factor + made.shape[0], left * factor : left * factor + made.shape[1]]
            weight = _fade(made.shape[0], factor)[:, None, None] * _fade(made.shape[1], factor)[None, :, None]
            total[there] += made * weight
            weights[there] += weight
        whole = (total / weights)[: picture.height * factor, : picture.width * factor]
        return Image.fromarray((whole.clip(0, 1) * 255).round().astype(np.uint8))

    @torch.inference_mode()
    def _tile_enlarged(self, pixels: _Floats) -> _Floats:
        """Pixels (H, W, 3) from 0 to 1, enlarged."""
        batch = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None].to(self._model.device)
        return self._model(pixel_values=batch).reconstruction[0].permute(1, 2, 0).float().cpu().numpy()


def _whole_windows(pixels: _Floats, *, window: int) -> _Floats:
    """Pixels (H, W, 3), mirrored at the far edges until whole windows of attention fit."""
    height, width = (-side % window for side in pixels.shape[:2])
    return np.pad(pixels, ((0, height), (0, width), (0, 0)), mode="symmetric")


def _tiles(side: int, *, tile: int) -> list[int]:
    """Where tiles begin along a side; the last one ends with it."""
    if side <= tile:
        return [0]
    return [*range(0, side - tile, tile - _OVERLAP), side - tile]


def _fade(length: int, factor: int) -> _Floats:
    """How much a tile counts along its side: less towards its ends, over what it shares with the next one."""
    steps = np.arange(1, length + 1)
    return (np.minimum(steps, steps[::-1]) / (_OVERLAP * factor)).clip(max=1).astype(np.float32)


def load(folder: Path, *, device: str) -> UpscaleEngine:
    """The engine of a model folder in the format of transformers."""
    # Single precision everywhere: the model is small, and half of it shows as bands in skies.
    model: Any = Swin2SRForImageSuperResolution.from_pretrained(
        folder, dtype=torch.float32, device_map=device, local_files_only=True, use_safetensors=True
    )
    return UpscaleEngine(model.eval())
