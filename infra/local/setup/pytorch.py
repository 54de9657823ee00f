"""Installs PyTorch: its CPU build on a machine without an NVIDIA GPU, unless pip has been told where to look.

On Linux x86-64 the ordinary index holds the CUDA build, with gigabytes beside it that a CPU cannot use; elsewhere the
ordinary build is that for the CPU.
"""

import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
_TELLING = {"index-url", "extra-index-url", "no-index", "find-links"}
_PIP = (sys.executable, "-m", "pip")
_INSTALL = (*_PIP, "install", "--no-input", "--progress-bar", "off", "-c", "constraints.txt", "torch")


def has_nvidia(*, driver: Path = Path("/proc/driver/nvidia")) -> bool:
    """Whether this machine has an NVIDIA GPU's driver."""
    return driver.exists() or shutil.which("nvidia-smi") is not None


def ordinary_build_is_cuda() -> bool:
    """Whether the ordinary index gives this machine the CUDA build."""
    return (platform.system(), platform.machine()) == ("Linux", "x86_64")


def is_told() -> bool:
    """Whether pip's environment or configuration names an index or a folder of packages."""
    listed = subprocess.run((*_PIP, "config", "list"), capture_output=True, text=True, check=True).stdout
    names = {line.partition("=")[0].rpartition(".")[2] for line in listed.splitlines()}
    return not _TELLING.isdisjoint(names)


def answers(index: str) -> bool:
    """Whether pip finds PyTorch there."""
    asking = (*_PIP, "index", "versions", "torch", "--index-url", index, "--timeout", "10", "--retries", "1")
    return subprocess.run(asking, capture_output=True, check=False).returncode == 0


def choice(*, index: str = CPU_INDEX) -> tuple[str, ...]:
    """What pip is told about where to find PyTorch beside the ordinary index."""
    if not ordinary_build_is_cuda() or has_nvidia() or is_told():
        return ()
    if not answers(index):
        print(f"{index} does not answer: PyTorch comes from the ordinary index, with CUDA")
        return ()
    # Beside the ordinary index, which has the pinned versions of everything that PyTorch needs. Of two equal
    # versions pip takes the one with a suffix, +cpu.
    return ("--extra-index-url", index)


def install(more: Sequence[str]) -> int:
    """The exit status of pip; a failure beside the CPU index is tried again without it."""
    status = subprocess.call((*_INSTALL, *more))
    return subprocess.call(_INSTALL) if status and more else status


if __name__ == "__main__":
    sys.exit(install(choice()))
