"""Rough pictures of what is under way: how like the finished ones they are, and that drawing them changes nothing."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    LCMScheduler,
)
from PIL import Image

from contract import catalogue
from contract.kinds import ImageParams, Kind
from gpu_worker import loading
from gpu_worker.engines.base import Engine, Previewing, Row
from gpu_worker.engines.latent_preview import LatentPreview, without_noise
from gpu_worker.weights import sources
from tests.gpu_worker.models import CACHE

DEMO = next(model for model in catalogue.load("demo").models if model.id == "demo-emoji")


@pytest.fixture(scope="module")
def demo() -> Engine:
    """The demo image model after its first batch."""
    engine = loading.build(DEMO, sources.ensure_folder(DEMO, CACHE / "models", say=print), threads=0)[Kind.IMAGE]
    assert watched(engine, ["a red apple", "a blue car"], seed=1)[1] == [], "it has not seen how its pictures look yet"
    return engine


def watched(
    engine: Engine, prompts: list[str], *, seed: int, until: float = 1
) -> tuple[list[Image.Image], list[Image.Image]]:
    """The pictures of these prompts, and the previews of the first one that were made on the way, up to `until`."""
    previews: list[Image.Image] = []

    def on_step(i: int, fraction: float) -> bool:
        assert isinstance(engine, Previewing)
        if i == 0 and fraction <= until and (preview := engine.preview(i)):
            previews.append(preview)
        return True

    rows = [
        Row(ImageParams(prompt=prompt, width=64, height=64, denoise_steps=10, guidance=3.0), seed=seed)
        for prompt in prompts
    ]
    made = dict(engine.run(rows, size=2, on_step=on_step))
    return [made[i] for i in range(len(rows))], previews  # type: ignore[misc]


def distance(one: Image.Image, other: Image.Image) -> float:
    """How far the colours of two pictures are apart in the mean, 0 to 255, at 16 pixels."""
    a, b = (np.asarray(picture.resize((16, 16), Image.Resampling.BOX), dtype=float) for picture in (one, other))
    return float(abs(a - b).mean())


def test_a_sketch_is_like_its_picture_and_not_like_another_long_before_the_end(demo: Engine) -> None:
    (frog, rose), previews = watched(demo, ["a green frog", "a red rose on a blue background"], seed=5, until=0.5)
    assert len(previews) == 4
    assert all(preview.size == (16, 16) for preview in previews)
    for preview in previews:
        assert distance(preview, frog) < 0.7 * distance(preview, rose)
        assert distance(preview, frog) < 0.7 * distance(Image.new("RGB", (16, 16), "white"), frog)


def test_a_picture_is_the_same_whether_or_not_anybody_looks(demo: Engine) -> None:
    seen, previews = watched(demo, ["a green frog", "a fox"], seed=5)
    unseen, none = watched(demo, ["a green frog", "a fox"], seed=5, until=0)
    assert (len(previews), len(none)) == (9, 0)
    assert [picture.tobytes() for picture in seen] == [picture.tobytes() for picture in unseen]


SCHEDULERS: dict[str, tuple[Any, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]]] = {
    "a flow": (FlowMatchEulerDiscreteScheduler(shift=3.0), lambda clean, noise: noise - clean),
    "growing variance": (EulerDiscreteScheduler(), lambda _clean, noise: noise),
    "kept variance": (DPMSolverMultistepScheduler(), lambda _clean, noise: noise),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_model_that_is_right_from_the_start_shows_its_picture_from_the_second_step(name: str) -> None:
    scheduler, predicted = SCHEDULERS[name]
    clean, noise = torch.randn(2, 1, 4, 6, 6, generator=torch.Generator().manual_seed(1))
    scheduler.set_timesteps(10)
    add = getattr(scheduler, "add_noise", None) or scheduler.scale_noise
    latents = (
        add(clean, scheduler.timesteps[:1], noise) if name == "a flow" else add(clean, noise, scheduler.timesteps[:1])
    )
    for t in scheduler.timesteps:
        scheduler.scale_model_input(latents, t) if hasattr(scheduler, "scale_model_input") else None
        before, latents = latents, scheduler.step(predicted(clean, noise), t, latents).prev_sample
        heading = without_noise(latents, before=before, scheduler=scheduler)
        assert torch.allclose(heading, clean, atol=0.02)


def test_latents_of_a_scheduler_without_sigmas_are_shown_unchanged() -> None:
    latents = torch.ones(4, 2, 2)
    assert without_noise(latents, before=latents + 1, scheduler=LCMScheduler()) is latents


class _Pipeline:
    scheduler = LCMScheduler()


def _fitted(latents: torch.Tensor, pictures: list[Image.Image]) -> LatentPreview:
    """One in the middle of a batch like the one that it was fitted to."""
    latent_preview = LatentPreview(_Pipeline())
    sizes = [picture.size for picture in pictures]
    latent_preview.begin(sizes)
    latent_preview.record(latents)
    latent_preview.fit(pictures)
    latent_preview.begin(sizes)
    latent_preview.record(latents)
    latent_preview.record(latents)
    return latent_preview


def test_latents_may_come_as_a_grid_or_packed_into_a_row() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (6, 4, 3), dtype=np.uint8)
    small = Image.fromarray(pixels)
    picture = small.resize((32, 48), Image.Resampling.NEAREST)
    grid = torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)[None] / 100 - 1
    packed = grid.flatten(2).transpose(1, 2)
    for latents in (grid, packed):
        preview = _fitted(latents, [picture]).draw(0)
        assert preview is not None
        assert preview.size == (4, 6)
        assert distance(preview, small) < 2


def test_latents_of_an_unknown_form_are_neither_fitted_nor_shown() -> None:
    picture = Image.new("RGB", (32, 48))
    broken = torch.full((1, 3, 6, 4), torch.nan)
    unknown = torch.zeros((1, 3, 1, 6, 4))
    odd = torch.zeros((1, 23, 3))
    assert [_fitted(latents, [picture]).draw(0) for latents in (broken, unknown, odd)] == [None, None, None]


def test_a_sketch_is_small_however_large_the_picture() -> None:
    preview = _fitted(torch.zeros((1, 4, 300, 600)), [Image.new("RGB", (4800, 2400))]).draw(0)
    assert preview is not None
    assert preview.size == (128, 64)
