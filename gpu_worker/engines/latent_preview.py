"""Shows what an unfinished picture is going to be: small and rough, for the decoder is not asked.

The channels of latents hold colours nearly linearly
(https://discuss.huggingface.co/t/decoding-latents-to-rgb-without-upscaling/23204). The factors differ from model to
model; they are fitted here to the first pictures that a model finishes, so that no family needs a table of its own.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL.Image import Image, Resampling, fromarray

_SAMPLES = 64
"""Pictures after which the factors stay as they are."""
_RIDGE = 1e-3
"""How much the factors are held back, as a share of what latents vary by: few pictures do not show every colour."""
_LONGEST_SIDE = 128

Size = tuple[int, int]
"""Width and height in pixels."""


class LatentPreview:
    """A linear map from one pipeline's latents to colours; it shows nothing until a picture has been finished."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._sizes: Sequence[Size] = ()
        self._latents: list[torch.Tensor] = []
        """After the last two steps."""
        self._samples = 0
        self._squares = torch.zeros(())
        self._products = torch.zeros(())
        self._factors: torch.Tensor | None = None
        """(C + 1, 3): the colour of each channel, and of none."""

    def begin(self, sizes: Sequence[Size]) -> None:
        """Look at a new batch, of pictures of these sizes."""
        self._sizes = sizes
        self._latents = []

    def record(self, latents: torch.Tensor) -> None:
        """Note the latents after a step: (B, C, H, W), or (B, H·W, C) as some families pack them."""
        self._latents = [*self._latents[-1:], latents]

    def fit(self, pictures: Sequence[Image]) -> None:
        """Fit to the pictures that were decoded from the last latents, and let go of these."""
        finished, self._latents = self._latents[-1:], []
        if finished and self._samples < _SAMPLES:
            self._fit(finished[0], pictures)

    def draw(self, i: int) -> Image | None:
        """How picture `i` looks; None before anything was fitted and before two steps."""
        if self._factors is None or len(self._latents) < 2:
            return None
        before, latents = (each[i] for each in self._latents)
        grid = _grid(without_noise(latents, before=before, scheduler=self._pipeline.scheduler), self._sizes[i])
        if grid is None:
            return None
        colours = (grid @ self._factors).clamp(0, 1) * 255
        preview = fromarray(colours.round().byte().numpy())
        preview.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Resampling.BOX)
        return preview

    def _fit(self, latents: torch.Tensor, pictures: Sequence[Image]) -> None:
        for each, picture in zip(latents, pictures, strict=False):
            if (grid := _grid(each, picture.size)) is None:
                return
            if not grid.isfinite().all():
                continue
            small = picture.convert("RGB").resize((grid.shape[1], grid.shape[0]), Resampling.BOX)
            places = grid.flatten(0, 1)
            colours = torch.from_numpy(np.asarray(small, dtype=np.float32) / 255).flatten(0, 1)
            self._squares = self._squares + places.T @ places / len(places)
            self._products = self._products + places.T @ colours / len(places)
            self._samples += 1
        if not self._samples:
            return
        ridge = _RIDGE * self._squares.diagonal().mean() * torch.eye(len(self._squares))
        self._factors = torch.linalg.solve(self._squares + ridge, self._products)


def without_noise(latents: torch.Tensor, *, before: torch.Tensor, scheduler: Any) -> torch.Tensor:
    """What latents are heading for that the scheduler's last step took there from `before`.

    Follows the line through both to where no noise is left, in the scale in which such lines are nearly straight
    (Karras et al. 2022, https://arxiv.org/abs/2206.00364, section 3). Of a scheduler without `sigmas` nothing is
    known, and the latents are given back as they are.
    """
    if getattr(scheduler, "sigmas", None) is None or not scheduler.step_index:
        return latents
    now, left = (float(scheduler.sigmas[scheduler.step_index - back]) for back in (1, 0))
    if float(scheduler.sigmas[0]) > 1 and float(scheduler.init_noise_sigma) == 1:
        # No flow, and the variance of the latents is kept: they shrink as noise is added.
        before, latents = before * (1 + now**2) ** 0.5, latents * (1 + left**2) ** 0.5
    return latents - left * (latents - before) / (left - now)


def _grid(latents: torch.Tensor, size: Size) -> torch.Tensor | None:
    """Latents of a picture of `size` as places (H, W, C + 1), whose last channel is one; None for a form unknown."""
    latents = latents.detach().float().cpu()
    if latents.ndim == 2:
        width, height = size
        rows = round((len(latents) * height / width) ** 0.5)
        if rows == 0 or len(latents) % rows:
            return None
        latents = latents.unflatten(0, (rows, -1)).permute(2, 0, 1)
    if latents.ndim != 3:
        return None
    return torch.cat([latents, torch.ones_like(latents[:1])]).permute(1, 2, 0)
