"""Turns a quantized GGUF file into a folder that transformers loads in under a second; checks nothing about it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any


def convert(file: Path, target: Path, *, say: Callable[[str], None]) -> None:
    """Write weights in single precision, config, tokenizer and chat template of `file` into the folder `target`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    say("reading the weights")
    model: Any = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32, local_files_only=True
    )
    # The weights are plain numbers from here on, but the model still says that it was quantized.
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    say("writing the weights")
    model.save_pretrained(target)
    say("reading and writing the tokenizer")
    AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name, local_files_only=True).save_pretrained(target)
    for path in target.iterdir():
        # safetensors writes for the owner alone, which another account's worker could not read.
        path.chmod(0o644)
