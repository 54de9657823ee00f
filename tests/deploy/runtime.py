"""A Python like Lambda's own: MiniStack and boto3 and nothing of this project, so that functions live on their zip."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

_PROVIDED = ("boto3", "ministack")
"""boto3, because Lambda's runtime carries it too; MiniStack, because it runs the functions with its own interpreter."""


def build(folder: Path) -> Path:
    """The interpreter of a new environment that holds MiniStack, boto3 and what these need, as links to ours."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--symlinks", folder], check=True)
    python = folder / "bin" / "python"
    minor = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / minor / "site-packages"
    for name in sorted(_needed(_PROVIDED)):
        for path in _top_level(metadata.distribution(name)):
            (packages / path.name).symlink_to(path)
    return python


def _needed(names: tuple[str, ...]) -> set[str]:
    """These distributions and all that they require without extras."""
    found: set[str] = set()
    open_names = list(names)
    while open_names:
        name = open_names.pop().lower()
        if name not in found:
            found.add(name)
            open_names += _required(name)
    return found


def _required(name: str) -> Iterator[str]:
    for line in metadata.requires(name) or []:
        requirement, _, marker = line.partition(";")
        # Markers other than extras ask for backports that the Python at hand does not need.
        if not marker:
            yield re.split(r"[\s<>=!~\[(]", requirement.strip(), maxsplit=1)[0]


def _top_level(distribution: metadata.Distribution) -> set[Path]:
    files = distribution.files or []
    names = {file.parts[0] for file in files if file.parts[0] not in {"..", "__pycache__"}}
    return {Path(str(distribution.locate_file(name))) for name in names}
