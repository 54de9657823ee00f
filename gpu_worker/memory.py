"""How much memory the worker uses and may use; asks torch only where it is loaded already."""

import sys

import psutil


def ram_bytes() -> int:
    """The resident memory of this process."""
    return psutil.Process().memory_info().rss


def vram_bytes() -> int:
    """What torch holds of the GPU's memory; 0 without a GPU."""
    torch = sys.modules.get("torch")
    return int(torch.cuda.memory_reserved()) if torch and torch.cuda.is_available() else 0


def room_for_models() -> int:
    """Four fifths of the GPU's memory, or half of the machine's without a GPU."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.get_device_properties(0).total_memory) * 4 // 5
    return psutil.virtual_memory().total // 2
