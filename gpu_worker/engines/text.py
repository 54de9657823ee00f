"""Writes texts with an instruct model; where its weights come from is left to `sources`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from gpu_worker.engines.base import Row
from gpu_worker.engines.special_tokens import SpecialTokens
from gpu_worker.engines.writing import Sampling, Writer

if TYPE_CHECKING:
    from contract.kinds import TextParams


class TextEngine(Writer):
    """Text to text."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        super().__init__(model, tokenizer)
        self._special_tokens = SpecialTokens(tokenizer)

    def _inputs(self, row: Row) -> dict[str, torch.Tensor]:
        """The chat that the params describe."""
        params = cast("TextParams", row.params)
        chat = [{"role": "user", "content": self._special_tokens.escape(params.prompt)}]
        if params.system:
            chat.insert(0, {"role": "system", "content": self._special_tokens.escape(params.system)})
        encoded = self._tokenizer.apply_chat_template(
            chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        return {"input_ids": encoded["input_ids"].to(self._model.device)}

    def _length(self, row: Row) -> int:
        return self._inputs(row)["input_ids"].shape[1]

    def _sampling(self, row: Row) -> Sampling:
        params = cast("TextParams", row.params)
        return Sampling(max_tokens=params.max_tokens, temperature=params.temperature, top_p=params.top_p)


def load(folder: Path, *, device: str) -> TextEngine:
    """The engine of a model folder in the format of transformers."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    # Single precision even where half is faster: the same seed then gives the same words on other machines too.
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, device_map=device, local_files_only=True, use_safetensors=True, trust_remote_code=False
    )
    return TextEngine(model.eval(), tokenizer)
