"""Draws pictures with a diffusers pipeline; `edit` builds on it, loading is left to `pipelines`."""

import inspect
from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

import torch
from PIL.Image import Image

from gpu_worker.engines.base import OnStep, Row
from gpu_worker.engines.latent_preview import LatentPreview

if TYPE_CHECKING:
    from contract.kinds import EditParams, ImageParams


class _Unwanted(Exception):
    """Nobody wants any row of this batch any more."""


class _Drawing:
    """A pipeline, and what shows how far its pictures are."""

    tokens = 0

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._latent_preview = LatentPreview(pipeline)

    def preview(self, i: int) -> Image | None:
        """How the picture of row `i` looks by now."""
        return self._latent_preview.draw(i)


class ImageEngine(_Drawing):
    """Text to image."""

    def key(self, row: Row) -> Hashable:
        """What a pipeline takes once for a whole batch."""
        params = cast("ImageParams", row.params)
        return (params.width, params.height, params.denoise_steps, params.guidance)

    def run(self, rows: Sequence[Row], *, size: int, on_step: OnStep) -> Iterator[tuple[int, Image]]:
        """The pictures, all at the end."""
        params = cast("ImageParams", rows[0].params)
        yield from run_pipeline(
            self._pipeline,
            rows,
            size=size,
            on_step=on_step,
            latent_preview=self._latent_preview,
            width=params.width,
            height=params.height,
        )


class EditEngine(_Drawing):
    """Image to image; shares weights and scheduler with text to image, so one call at a time."""

    def key(self, row: Row) -> Hashable:
        """What a pipeline takes once for a whole batch."""
        params = cast("EditParams", row.params)
        return (row.start.size, params.denoise_steps, params.guidance, params.strength)

    def run(self, rows: Sequence[Row], *, size: int, on_step: OnStep) -> Iterator[tuple[int, Image]]:
        """The pictures, all at the end."""
        pictures = [row.start for row in rows]
        pictures += [pictures[0]] * (size - len(rows))
        width, height = pictures[0].size
        params = cast("EditParams", rows[0].params)
        yield from run_pipeline(
            self._pipeline,
            rows,
            size=size,
            on_step=on_step,
            latent_preview=self._latent_preview,
            image=pictures,
            # Of a weak change to few steps pipelines make no step at all, and break over it.
            strength=min(1.0, max(params.strength, 1.001 / params.denoise_steps)),
            width=width,
            height=height,
        )


def run_pipeline(
    pipeline: Any, rows: Sequence[Row], *, size: int, on_step: OnStep, latent_preview: LatentPreview, **more: Any
) -> Iterator[tuple[int, Image]]:
    """Call a pipeline for a batch of `size` rows, filled up with empty prompts, each row with its own generator."""
    params = [cast("ImageParams | EditParams", row.params) for row in rows]
    dummies = size - len(rows)
    wanted = [True] * len(rows)

    def after_step(_pipeline: Any, step: int, _t: Any, values: dict[str, Any]) -> dict[str, Any]:
        fraction = (step + 1) / pipeline.num_timesteps
        latent_preview.record(values["latents"])
        for i in range(len(rows)):
            wanted[i] = wanted[i] and on_step(i, fraction)
        if not any(wanted):
            raise _Unwanted
        return values

    latent_preview.begin([_size(row) for row in rows])
    seeds = [*(row.seed for row in rows), *[0] * dummies]
    try:
        pictures = pipeline(
            **_heeded(
                pipeline,
                prompt=[*(p.prompt for p in params), *[""] * dummies],
                negative_prompt=[*(p.negative_prompt for p in params), *[""] * dummies],
                # On the CPU whatever the model runs on: one seed draws the same noise everywhere.
                generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
                num_inference_steps=params[0].denoise_steps,
                guidance_scale=params[0].guidance,
                callback_on_step_end=after_step,
                **more,
            )
        ).images
    except _Unwanted:
        return
    yield from ((i, pictures[i]) for i in range(len(rows)) if wanted[i])
    latent_preview.fit(pictures)


def _size(row: Row) -> tuple[int, int]:
    if row.picture is not None:
        return row.picture.size
    params = cast("ImageParams", row.params)
    return params.width, params.height


def _heeded(pipeline: Any, **arguments: Any) -> dict[str, Any]:
    """The arguments that a pipeline has: some know no negative prompt, some no strength, some no size."""
    known = inspect.signature(pipeline.__call__).parameters
    return {name: value for name, value in arguments.items() if name in known}
