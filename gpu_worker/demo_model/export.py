"""Writes a trained model as a diffusers folder in fp16, with only that layer of the text encoder which is its own."""

import json
import shutil
from pathlib import Path

from diffusers import AutoencoderTiny, DPMSolverMultistepScheduler, StableDiffusionPipeline, UNet2DConditionModel

from gpu_worker.demo_model import naming
from gpu_worker.demo_model.embed import load_text_encoder, load_tokenizer
from gpu_worker.demo_model.naming import NamingLayer
from gpu_worker.demo_model.unet import TIMESTEPS


def new_scheduler() -> DPMSolverMultistepScheduler:
    """Return the sampler that fits the UNet's flow: DPM-Solver++ of order 2 (arXiv:2211.01095)."""
    return DPMSolverMultistepScheduler(
        num_train_timesteps=TIMESTEPS,
        solver_order=2,
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        flow_shift=1.5,
        steps_offset=1,
    )


def export(unet: UNet2DConditionModel, autoencoder: AutoencoderTiny, layer: NamingLayer, folder: Path) -> None:
    """Replace folder by model_index.json, scheduler/, text_encoder/, unet/ and vae/; all weights become fp16."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    scheduler = new_scheduler()
    pipeline = StableDiffusionPipeline(
        vae=autoencoder.half(),
        text_encoder=load_text_encoder(),
        tokenizer=load_tokenizer(),
        unet=unet.half(),
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_config(folder)
    pipeline.unet.save_pretrained(folder / "unet")
    pipeline.vae.save_pretrained(folder / "vae")
    naming.save(layer, folder / "text_encoder")
    scheduler.save_pretrained(folder / "scheduler")
    _forget(folder / "vae" / "config.json", keys=("block_out_channels", "_name_or_path"))
    for path in folder.rglob("*"):
        # safetensors writes for the owner alone, which another account's worker could not read.
        path.chmod(0o755 if path.is_dir() else 0o644)


def _forget(path: Path, *, keys: tuple[str, ...]) -> None:
    """AutoencoderTiny writes a derived key and warns when it reads it back, and a path of the machine."""
    config = json.loads(path.read_text())
    kept = {key: value for key, value in config.items() if key not in keys}
    path.write_text(json.dumps(kept, indent=2) + "\n")
