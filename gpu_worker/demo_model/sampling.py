"""Draws training batches: a pool by its share, a picture of it, one of its captions."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gpu_worker.demo_model import dataset
from gpu_worker.demo_model.embed import CaptionCache

_CAPTION_DROPOUT = 0.1


@dataclass(frozen=True)
class Pictured:
    """Latents (B, 8, 16, 16) and embeddings (B, 24, 384) of their captions, some of them empty."""

    latents: Tensor
    texts: Tensor

    def on(self, device: torch.device) -> "Pictured":
        """Return the batch in the memory of a device."""
        return Pictured(latents=self.latents.to(device), texts=self.texts.to(device))


@dataclass(frozen=True)
class Named:
    """Embeddings (B, 24, 384) of captions, and the number (B,) of the thing whose name says as much, or -1."""

    texts: Tensor
    things: Tensor


class Sampler:
    """Batches of the data, latents and embeddings that lie in a cache folder."""

    def __init__(self, cache: Path, *, shares: dict[str, float], device: str) -> None:
        self._data, self._rng = dataset.load(cache / "data"), np.random.default_rng()
        self._latents = np.load(cache / "latents.npy", mmap_mode="r")
        self._texts = CaptionCache([*self._data.captions, ""], cache / "texts.npy", device=device)
        self._starts, self._ends = np.array([self._data.pools[pool] for pool in shares]).T
        self._shares = np.array(list(shares.values()))

    def pictured(self, count: int) -> Pictured:
        """Return pictures with a caption each, some of them empty."""
        pictures, captions = self._draw(count)
        latents = torch.from_numpy(self._latents[pictures]).float()
        return Pictured(latents=latents, texts=self._texts.of(captions))

    def named(self, count: int) -> Named:
        """Return captions with what they mean."""
        pictures, captions = self._draw(count)
        things = np.where(captions == len(self._data.captions), -1, self._data.things[pictures])
        return Named(texts=self._texts.of(captions), things=torch.from_numpy(things).long())

    def _draw(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        pools = self._rng.choice(len(self._shares), count, p=self._shares)
        pictures = self._rng.integers(self._starts[pools], self._ends[pools])
        offsets = self._data.offsets
        captions = self._data.caption_ids[self._rng.integers(offsets[pictures], offsets[pictures + 1])]
        empty = self._rng.random(count) < _CAPTION_DROPOUT
        return pictures, np.where(empty, len(self._data.captions), captions)
