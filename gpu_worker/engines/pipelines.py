"""Loads diffusers pipelines as engines; only safetensors and classes of a short list, never anything remote."""

import inspect
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.models.attention_processor import AttnProcessor
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.utils import logging

from contract.kinds import Kind
from gpu_worker.engines import families
from gpu_worker.engines.base import Engine
from gpu_worker.engines.image import EditEngine, ImageEngine

_TILED_ABOVE = 1024


def load(folder: Path, *, device: str) -> dict[Kind, Engine]:
    """The engines of a folder as diffusers saves it, one per kind, over the same weights; raises UnknownPipeline."""
    quieten()
    return engines(*_standard(folder, device=device), device=device)


def quieten() -> None:
    """Let diffusers show no bars and say no more than errors; to be called before anything is loaded."""
    logging.disable_progress_bar()
    logging.set_verbosity_error()


def engines(draw: Any, change: Any, *, device: str) -> dict[Kind, Engine]:
    """The engines over a pipeline for text to image and one for image to image, which share their weights."""
    for pipeline in (draw, change):
        pipeline.set_progress_bar_config(disable=True)
    if device == "cpu":
        _steady(draw)
    return {Kind.IMAGE: ImageEngine(draw), Kind.EDIT: EditEngine(change)}


def _standard(folder: Path, *, device: str) -> tuple[Any, Any]:
    """A folder as diffusers saves it, for text to image and image to image; raises UnknownPipeline."""
    family, unused = families.family_of(folder)
    draw_class: Any = getattr(diffusers, family.draw)
    draw = draw_class.from_pretrained(
        folder,
        dtype=torch.float32 if device == "cpu" else torch.bfloat16,
        # Straight to the device: the machine of a 24 GB GPU may have less memory than the weights are large.
        device_map=device,
        local_files_only=True,
        use_safetensors=True,
        **dict.fromkeys(unused),
    )
    _spare_memory(draw.vae)
    return draw, _editing(draw, _edit_class(family))


def _spare_memory(vae: Any) -> None:
    """Decode pictures one by one, and those beyond a megapixel in tiles: no other part takes as much memory."""
    vae.enable_slicing()
    if getattr(vae.config, "sample_size", 0) >= _TILED_ABOVE:  # smaller tiles would show
        vae.enable_tiling()


def _edit_class(family: families.Family) -> Any:
    if family.edit == "Flux2KleinPipeline":
        from gpu_worker.engines.references import ReferencePerRow

        return ReferencePerRow
    return getattr(diffusers, family.edit)


def _editing(draw: Any, edit_class: Any) -> Any:
    """A pipeline for editing over the parts and the settings of another one."""
    taken = inspect.signature(edit_class.__init__).parameters
    settings = {name: value for name, value in draw.config.items() if name in taken and name not in draw.components}
    return edit_class(**{name: part for name, part in draw.components.items() if name in taken}, **settings)


def _steady(pipeline: Any) -> None:
    """Make a row's bytes independent of its place in a batch.

    SDPA's kernel for CPUs gives other last bits for other places (measured on torch 2.13: by the thread that
    computes a row); plain matrix products do not.
    """
    for part in pipeline.components.values():
        if isinstance(part, UNet2DConditionModel):
            part.set_attn_processor(AttnProcessor())
        elif hasattr(part, "set_attention_backend"):
            part.set_attention_backend("_native_math")
        elif hasattr(part, "set_attn_implementation"):
            part.set_attn_implementation("eager")
