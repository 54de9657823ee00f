"""What a worker computes on, recorded beside what it made: other hardware and other versions give other last bits."""

import platform
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

_CPUS = Path("/proc/cpuinfo")


def name() -> str:
    """The device and what computes on it, for example `NVIDIA L4, torch 2.13.0`."""
    torch = sys.modules.get("torch")
    device = torch.cuda.get_device_name() if torch and torch.cuda.is_available() else _cpu()
    return f"{device}, torch {_torch()}"


@cache
def _torch() -> str:
    return version("torch")


@cache
def _cpu() -> str:
    """What the system calls its processor; its architecture where it does not say."""
    lines = _CPUS.read_text().splitlines() if _CPUS.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
