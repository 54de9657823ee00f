"""What a worker machine downloads: the worker, the contract, the pins, and what makes services of them."""

import hashlib
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.stacks.bundling import ROOT

PACKAGES = ROOT / ".cache" / "worker-packages"
USER_DATA = Path(__file__).with_name("user_data")
_SOURCES = ("contract", "gpu_worker")
_NOT_SOURCES = frozenset({"__pycache__", ".pytest_cache"})


def worker_package(*, folder: Path = PACKAGES) -> Path:
    """The folder of the package, made anew only when its files have changed; the same files make the same bytes."""
    files = contents()
    path = folder / _fingerprint(files)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix="making-") as work:
            made = Path(work) / "package"
            for name, source in files.items():
                (made / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, made / name)
            if not path.exists():
                os.rename(made, path)  # noqa: PTH104 - Path.rename reads as if it were about names
    return path


def contents() -> dict[str, Path]:
    """Where each file of the package comes from, by its name in it."""
    found = {"constraints.txt": ROOT / "constraints.txt"}
    for name in _SOURCES:
        found |= {path.relative_to(ROOT).as_posix(): path for path in _files(ROOT / name)}
    machine = USER_DATA / "machine"
    return found | {f"machine/{path.name}": path for path in _files(machine)}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not _NOT_SOURCES & set(path.parts))


def _fingerprint(files: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for name, source in files.items():
        digest.update(f"{name}\n".encode() + source.read_bytes())
    return digest.hexdigest()[:32]
