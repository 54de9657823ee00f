"""Describes pictures with a small vision and language model; where its weights come from is left to `sources`."""

from pathlib import Path
from typing import Any, cast

import torch
from PIL import Image
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

from contract.kinds import CaptionParams
from gpu_worker.engines.base import Row
from gpu_worker.engines.writing import Sampling, Writer

_REQUEST = "Describe this picture in one or two sentences."
_FAMILY = "idefics3"
"""SmolVLM's. Others take as many tokens for a picture as it is large, which a batch of one length has no room for."""


class CaptionEngine(Writer):
    """Picture to text: the likeliest words, so that a seed changes nothing."""

    def __init__(self, model: Any, processor: Any) -> None:
        super().__init__(model, processor.tokenizer)
        self._processor = processor
        blank = Row(CaptionParams(image=""), seed=0, picture=Image.new("RGB", (64, 64)))
        self._tokens_of_a_prompt = self._inputs(blank)["input_ids"].shape[1]

    def _inputs(self, row: Row) -> dict[str, torch.Tensor]:
        """The picture as one tile, and the request to describe it."""
        content = [{"type": "image"}, {"type": "text", "text": _REQUEST}]
        chat = self._processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
        encoded = self._processor(text=chat, images=[row.start], return_tensors="pt").to(self._model.device)
        encoded["pixel_values"] = encoded["pixel_values"].to(self._model.dtype)
        return dict(encoded)

    def _length(self, row: Row) -> int:  # noqa: ARG002 -- one tile has always as many
        return self._tokens_of_a_prompt

    def _sampling(self, row: Row) -> Sampling:
        return Sampling(max_tokens=cast("CaptionParams", row.params).max_tokens, temperature=0, top_p=1)


def load(folder: Path, *, device: str) -> CaptionEngine:
    """The engine of a model folder in the format of transformers; ValueError for one of another family."""
    files: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    family = AutoConfig.from_pretrained(folder, **files).model_type
    if family != _FAMILY:
        raise ValueError(f"captions are written by models of the family {_FAMILY}, not {family}")
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    model: Any = AutoModelForImageTextToText.from_pretrained(
        folder, dtype=dtype, device_map=device, use_safetensors=True, **files
    )
    processor: Any = AutoProcessor.from_pretrained(folder, backend="pil", **files)
    pictures = processor.image_processor
    pictures.do_image_splitting = False
    pictures.size = pictures.max_image_size
    return CaptionEngine(model.eval(), processor)
