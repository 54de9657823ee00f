"""Tiny untrained models of each family that an engine loads, saved the way that their hubs keep them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLFlux2,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
    FluxPipeline,
    FluxTransformer2DModel,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from tokenizers import pre_tokenizers
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3Processor,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3ForCausalLM,
    Swin2SRConfig,
    Swin2SRForImageSuperResolution,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

from contract.catalogue import HubSource, Model
from contract.kinds import Kind
from tests.gpu_worker.models import TINY

CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}"
    "{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LETTERS = [chr(c) for c in range(ord("a"), ord("z") + 1)]


def model_of(save: Callable[[Path], None], *kinds: Kind) -> Model:
    """The entry of a family in a catalogue."""
    name = save.__name__.replace("_", "-")
    source = HubSource(type="hub", repository=f"tests/{name}")
    return TINY.model_copy(update={"id": name, "kinds": kinds, "source": source, "limits": {}})


def stable_diffusion(folder: Path) -> None:
    torch.manual_seed(0)
    pipeline = StableDiffusionPipeline(
        vae=_vae(latent_channels=4),
        text_encoder=CLIPTextModel(_clip(width=32)),
        tokenizer=_clip_tokenizer(),
        unet=_unet(cross_attention_dim=32),
        scheduler=EulerDiscreteScheduler(steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)


def stable_diffusion_xl(folder: Path) -> None:
    torch.manual_seed(0)
    pipeline = StableDiffusionXLPipeline(
        vae=_vae(latent_channels=4),
        text_encoder=CLIPTextModel(_clip(width=32)),
        text_encoder_2=CLIPTextModelWithProjection(_clip(width=32)),
        tokenizer=_clip_tokenizer(),
        tokenizer_2=_clip_tokenizer(),
        unet=_unet(
            cross_attention_dim=64,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            transformer_layers_per_block=(1, 1),
            projection_class_embeddings_input_dim=8 * 6 + 32,
        ),
        scheduler=EulerDiscreteScheduler(steps_offset=1),
    )
    pipeline.save_pretrained(folder)


def flux(folder: Path) -> None:
    torch.manual_seed(0)
    pipeline = FluxPipeline(
        vae=_vae(latent_channels=4, shift_factor=0.06, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=CLIPTextModel(_clip(width=32)),
        tokenizer=_clip_tokenizer(),
        text_encoder_2=T5EncoderModel(
            T5Config(vocab_size=_T5_WORDS, d_model=32, d_kv=8, d_ff=37, num_layers=1, num_heads=4)
        ),
        tokenizer_2=T5Tokenizer(vocab=_t5_vocabulary(), extra_ids=0),
        transformer=FluxTransformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            pooled_projection_dim=32,
            axes_dims_rope=(4, 4, 8),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )
    pipeline.save_pretrained(folder)


def flux2_klein(folder: Path) -> None:
    torch.manual_seed(0)
    pipeline = Flux2KleinPipeline(
        vae=AutoencoderKLFlux2(
            down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
            up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
            block_out_channels=(8, 8),
            layers_per_block=1,
            latent_channels=4,
            norm_num_groups=4,
            sample_size=32,
        ),
        text_encoder=Qwen3ForCausalLM(_qwen3(layers=28)),
        tokenizer=_qwen_tokenizer(),
        transformer=Flux2Transformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=3 * 16,
            timestep_guidance_channels=16,
            axes_dims_rope=(4, 4, 4, 4),
            guidance_embeds=False,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        is_distilled=True,
    )
    pipeline.save_pretrained(folder)


def causal_lm(folder: Path) -> None:
    torch.manual_seed(0)
    Qwen3ForCausalLM(_qwen3(layers=2)).save_pretrained(folder, max_shard_size="20KB")
    _qwen_tokenizer().save_pretrained(folder)


def captioner(folder: Path) -> None:
    torch.manual_seed(0)
    tokenizer = _qwen_tokenizer()
    processor = Idefics3Processor(
        image_processor=Idefics3ImageProcessorPil(size={"longest_edge": 64}, max_image_size={"longest_edge": 32}),
        tokenizer=tokenizer,
        image_seq_len=4,
        chat_template=CHAT,
    )
    model = Idefics3ForConditionalGeneration(
        Idefics3Config(
            image_token_id=processor.image_token_id,
            scale_factor=2,
            pad_token_id=tokenizer.pad_token_id,
            initializer_range=0.5,
            vision_config={
                "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
                "image_size": 32, "patch_size": 8, "initializer_range": 0.5,
            },
            text_config={
                "model_type": "llama", "vocab_size": len(tokenizer), "hidden_size": 16, "intermediate_size": 32,
                "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
                "max_position_embeddings": 512, "pad_token_id": tokenizer.pad_token_id, "initializer_range": 0.5,
            },
        )
    )  # fmt: skip
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    _as_of_2025(folder)


def _as_of_2025(folder: Path) -> None:
    """Write a processor's settings into the files where the hub's captioners have them."""
    settings = json.loads((folder / "processor_config.json").read_text())
    pictures = settings.pop("image_processor") | {"image_processor_type": "Idefics3ImageProcessor"}
    (folder / "preprocessor_config.json").write_text(json.dumps(pictures))
    (folder / "processor_config.json").write_text(json.dumps(settings))
    template = (folder / "chat_template.jinja").read_text()
    (folder / "chat_template.jinja").unlink()
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": template}))


def upscaler(folder: Path, *, factor: int = 2) -> None:
    torch.manual_seed(0)
    config = Swin2SRConfig(
        image_size=16, embed_dim=12, depths=[1, 1], num_heads=[2, 2], window_size=4, mlp_ratio=2.0, upscale=factor
    )
    Swin2SRForImageSuperResolution(config).save_pretrained(folder)


def _vae(**more: Any) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        norm_num_groups=4,
        sample_size=32,
        **more,
    )


def _unet(**more: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=4,
        norm_num_groups=8,
        **more,
    )


def _clip(*, width: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(_clip_words()),
        hidden_size=width,
        projection_dim=width,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        max_position_embeddings=16,
        bos_token_id=len(_clip_words()) - 2,
        eos_token_id=len(_clip_words()) - 1,
        pad_token_id=len(_clip_words()) - 1,
    )


def _clip_words() -> list[str]:
    return [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]


def _clip_tokenizer() -> CLIPTokenizer:
    return CLIPTokenizer(vocab={w: i for i, w in enumerate(_clip_words())}, merges=[], model_max_length=16)


_T5_WORDS = 64


def _t5_vocabulary() -> list[tuple[str, float]]:
    return [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0), *((letter, -2.0) for letter in LETTERS)]


def _qwen3(*, layers: int) -> Qwen3Config:
    words = len(_qwen_tokenizer())
    return Qwen3Config(
        vocab_size=words,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        max_position_embeddings=1024,
        eos_token_id=words - 1,
        pad_token_id=words - 3,
    )


def _qwen_tokenizer() -> Qwen2Tokenizer:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    vocabulary = {word: i for i, word in enumerate([*letters, *special])}
    tokenizer = Qwen2Tokenizer(vocab=vocabulary, merges=[], eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.chat_template = CHAT
    return tokenizer
