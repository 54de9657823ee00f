"""Loads diffusers pipelines as engines; only safetensors and classes of diffusers itself, never anything remote."""

from pathlib import Path
from typing import Any

import torch
from diffusers.models.attention_processor import AttnProcessor
from diffusers.pipelines.auto_pipeline import AutoPipelineForImage2Image, AutoPipelineForText2Image
from diffusers.utils import logging

from contract.catalogue import Model
from contract.kinds import Kind
from gpu_worker.engines.base import Engine
from gpu_worker.engines.image import EditEngine, ImageEngine

_DEMO = "demo_model"


def load(model: Model, folder: Path, *, device: str) -> dict[Kind, Engine]:
    """The engines of an image model, one per kind, over the same weights."""
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    draw, change = _demo(folder) if folder.parent.name == _DEMO else _standard(folder, device=device)
    draw.to(device)
    for pipeline in (draw, change):
        pipeline.set_progress_bar_config(disable=True)
    if device == "cpu":
        _steady(draw)
    engines: dict[Kind, Engine] = {Kind.IMAGE: ImageEngine(draw), Kind.EDIT: EditEngine(change)}
    return {kind: engine for kind, engine in engines.items() if kind in model.kinds}


def _standard(folder: Path, *, device: str) -> tuple[Any, Any]:
    """A folder as diffusers saves it, for text to image and image to image."""
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    draw = AutoPipelineForText2Image.from_pretrained(folder, dtype=dtype, local_files_only=True, use_safetensors=True)
    return draw, AutoPipelineForImage2Image.from_pipe(draw)


def _demo(folder: Path) -> tuple[Any, Any]:
    """The model of this repository, whose text encoder comes from a package."""
    from gpu_worker.demo_model.load import editing, load_demo_pipeline

    draw = load_demo_pipeline(folder)
    return draw, editing(draw)


def _steady(pipeline: Any) -> None:
    """Make a row's bytes independent of its place in a batch.

    SDPA's kernel for CPUs gives other last bits for other places (measured on torch 2.13: by the thread that
    computes a row); plain matrix products do not.
    """
    for part in pipeline.components.values():
        if hasattr(part, "set_attn_processor"):
            part.set_attn_processor(AttnProcessor())
        elif hasattr(part, "set_attn_implementation"):
            part.set_attn_implementation("eager")
