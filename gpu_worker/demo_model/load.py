"""Loads the demo image model as standard diffusers pipelines; running them is left to the engines.

The weights lie beside this file; tokenizer and text encoder come from MiniLM's own package, all but the encoder's
last layer. Nothing is downloaded and no network is tried.
"""

from pathlib import Path

import torch
from diffusers import (
    AutoencoderTiny,
    DPMSolverMultistepScheduler,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)

from gpu_worker.demo_model import naming
from gpu_worker.demo_model.embed import load_text_encoder, load_tokenizer

WEIGHTS = Path(__file__).with_name("weights")


def load_demo_pipeline(weights: Path = WEIGHTS) -> StableDiffusionPipeline:
    """Return the pipeline in fp32 on the CPU, for pictures of 64×64, 12 to 16 steps and guidance 3.

    OSError when the weights are missing, ModuleNotFoundError when MiniLM's package is.
    """
    files = {"local_files_only": True, "use_safetensors": True, "dtype": torch.float32}
    # Put together by hand: StableDiffusionPipeline.from_pretrained logs that it expected CLIP and a large VAE.
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderTiny.from_pretrained(weights / "vae", **files),
        text_encoder=naming.add_to(load_text_encoder(), naming.load(weights / "text_encoder")),
        tokenizer=load_tokenizer(),
        unet=UNet2DConditionModel.from_pretrained(weights / "unet", **files),
        scheduler=DPMSolverMultistepScheduler.from_pretrained(weights / "scheduler", local_files_only=True),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def editing(pipeline: StableDiffusionPipeline) -> StableDiffusionImg2ImgPipeline:
    """Return the pipeline that edits a picture; it shares every weight.

    From a strength of 0.3 on the picture shows what the prompt says, and keeps its shape where that has the same one;
    below, both are mixed. The two share the scheduler too, which has a state: call one at a time. from_pipe would
    drop the tiny VAE.
    """
    editor = StableDiffusionImg2ImgPipeline(**pipeline.components, requires_safety_checker=False)
    editor.set_progress_bar_config(disable=True)
    return editor
