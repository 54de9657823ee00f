"""Bare loops over the worker's models, as somebody would write them with diffusers and transformers alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.attention_processor import AttnProcessor
from transformers import AutoModelForCausalLM, AutoTokenizer

from gpu_worker.demo_model.load import load_demo_pipeline


class Pictures:
    """The demo image model; `steady` with the attention whose bytes do not depend on a row's place in its batch."""

    def __init__(self, *, steady: bool) -> None:
        self._pipeline = load_demo_pipeline()
        if steady:
            self._pipeline.unet.set_attn_processor(AttnProcessor())
            self._pipeline.text_encoder.set_attn_implementation("eager")

    def draw(self, requests: Sequence[dict[str, Any]], *, batch: int) -> None:
        """The pictures of requests of one key, `batch` at a time."""
        for some in _batches(requests, batch):
            params = some[0]["params"]
            self._pipeline(
                prompt=[request["params"]["prompt"] for request in some],
                negative_prompt=[""] * len(some),
                generator=[torch.Generator().manual_seed(request["seeds"][0]) for request in some],
                num_inference_steps=params["denoise_steps"],
                guidance_scale=params["guidance"],
                width=params["width"],
                height=params["height"],
            )


class Texts:
    """The demo text model."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, padding_side="left")
        self._model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)

    def write(self, requests: Sequence[dict[str, Any]], *, batch: int) -> None:
        """Answers that are as long as they may be, `batch` at a time."""
        for some in _batches(requests, batch):
            params = some[0]["params"]
            chats = [[{"role": "user", "content": request["params"]["prompt"]}] for request in some]
            encoded = self._tokenizer.apply_chat_template(
                chats, add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True
            )
            self._model.generate(
                **encoded,
                min_new_tokens=params["max_tokens"],
                max_new_tokens=params["max_tokens"],
                do_sample=True,
                temperature=params["temperature"],
                top_p=params["top_p"],
                top_k=0,
            )


def _batches(requests: Sequence[dict[str, Any]], size: int) -> list[Sequence[dict[str, Any]]]:
    return [requests[at : at + size] for at in range(0, len(requests), size)]
