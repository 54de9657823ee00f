"""Every pinned version has a wheel for the platforms on which the one-machine edition is to run.

Markers are those of the machine that asks, so each pin is asked for by itself, transitive ones included, and nothing is
installed. Not asked for is Linux on x86-64: there plain PyTorch is the CUDA build, and every other test runs on it.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_LINUX = (*(f"manylinux_2_{minor}_aarch64" for minor in range(28, 16, -1)), "manylinux2014_aarch64")
PLATFORMS = {"macOS on arm64": ("macosx_14_0_arm64",), "Linux on arm64": _LINUX}


@pytest.mark.proof
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("platforms", PLATFORMS.values(), ids=PLATFORMS)
def test_each_pin_has_a_wheel_for_the_platform(platforms: tuple[str, ...], python: str, tmp_path: Path) -> None:
    names = [part for platform in platforms for part in ("--platform", platform)]
    command = (
        *(sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--only-binary", ":all:", "--quiet"),
        *("--implementation", "cp", "--python-version", python, *names, "--target", str(tmp_path)),
        *("-r", "constraints.txt"),
    )
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
