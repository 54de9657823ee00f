"""Models for the worker's tests: the real small text model, converted once, and a tiny untrained image pipeline."""

import json
import logging
import tempfile
from pathlib import Path

from contract import catalogue
from contract.catalogue import Catalogue, HubSource, Limit, Model
from contract.kinds import Kind
from gpu_worker.weights import sources

REPOSITORY = Path(__file__).parents[2]
CACHE = REPOSITORY / ".cache" / "test-home"
"""Kept between test sessions: converting the text model takes 20 s."""

TEXT_MODEL = next(m for m in catalogue.load("demo").models if m.id == "smollm2-135m")

TINY = Model(
    id="tiny",
    title="Tiny",
    kinds=(Kind.IMAGE, Kind.EDIT),
    profile="demo",
    queue="image",
    licence="MIT",
    source=HubSource(type="hub", repository="tests/tiny"),
    revision="1" * 40,
    memory_bytes=1_000_000,
    batch=4,
    limits={"width": Limit(minimum=16, maximum=64)},
    defaults={"width": 32, "height": 32, "denoise_steps": 4, "guidance": 3.0, "strength": 0.5},
    card="Untrained: draws noise that depends on the prompt.",
)

TWIN = TINY.model_copy(update={"id": "twin"})
"""The same weights under another id: another model, as far as a worker knows."""

CATALOGUE = Catalogue(models=(TEXT_MODEL, TINY))
TWINS = Catalogue(models=(TINY, TWIN))


def text_folder() -> Path:
    """The folder of the converted text model."""
    return sources.ensure_folder(TEXT_MODEL, CACHE / "models", say=logging.getLogger(__name__).info)


def tiny_folder() -> Path:
    """The folder of the tiny image model, saved as diffusers saves pipelines."""
    folder = sources.model_folder(TINY, CACHE / "models")
    if not (folder / "model_index.json").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            _save_tiny_pipeline(Path(scratch, "tiny"))
            Path(scratch, "tiny").rename(folder)
    return folder


def twin_folder() -> Path:
    """The folder of the tiny image model under its other id."""
    folder = sources.model_folder(TWIN, CACHE / "models")
    if not folder.exists():
        folder.symlink_to(tiny_folder())
    return folder


def _save_tiny_pipeline(folder: Path) -> None:
    import torch
    from diffusers import AutoencoderTiny, DPMSolverMultistepScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16)
    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(words),
            hidden_size=32,
            intermediate_size=37,
            num_attention_heads=4,
            num_hidden_layers=2,
            max_position_embeddings=16,
            bos_token_id=len(words) - 2,
            eos_token_id=len(words) - 1,
            pad_token_id=len(words) - 1,
        )
    )
    unet = UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=4,
        norm_num_groups=8,
    )
    vae = AutoencoderTiny(
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
        upsampling_scaling_factor=2,
        latent_channels=4,
    )
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=DPMSolverMultistepScheduler(steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
