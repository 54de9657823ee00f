"""How much memory the worker uses and may use; asks torch only where it is loaded already."""

import subprocess
import sys

import psutil

_NVIDIA_SMI = ("nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits")


def ram_bytes() -> int:
    """The resident memory of this process."""
    return psutil.Process().memory_info().rss


def vram_bytes() -> int:
    """What torch holds of the GPU's memory; 0 without a GPU."""
    torch = sys.modules.get("torch")
    return int(torch.cuda.memory_reserved()) if torch and torch.cuda.is_available() else 0


def release() -> None:
    """Give what torch keeps of the GPU's memory for later back."""
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_available():
        torch.cuda.empty_cache()


def gpu_percent(command: tuple[str, ...] = _NVIDIA_SMI) -> float | None:
    """The share of time in which the GPUs computed during the last second; None where there is none to ask."""
    try:
        # The driver's own tool: torch asks through a package that is needed for nothing else.
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
        shares = [float(line) for line in answer.stdout.split()]
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return sum(shares) / len(shares) if shares else None


def room_for_models() -> int:
    """Four fifths of the GPU's memory, or half of the machine's without a GPU."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.get_device_properties(0).total_memory) * 4 // 5
    return psutil.virtual_memory().total // 2
