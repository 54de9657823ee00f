"""Where a model's weights are on this machine, checked against the catalogue; loading them is left to the engines."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from contract.catalogue import HubSource, LibrarySource, Model, OwnSource, PackageSource

_REPOSITORY = Path(__file__).parents[2]
_REVISION_DIGITS = 40
_CHUNK_BYTES = 8 * 1024 * 1024

Say = Callable[[str], None]


class Pinned(Protocol):
    """What travels from a hub at one revision: a model of the catalogue, or an operator's classifier."""

    @property
    def id(self) -> str:
        """What it is called in the bucket and on a machine."""
        ...

    @property
    def revision(self) -> str:
        """The commit, in 40 hexadecimal digits."""
        ...


class SourceMissing(RuntimeError):
    """The weights of a model are not on this machine, or are not those of the catalogue."""


def is_present(model: Model, models_dir: Path) -> bool:
    """Whether `folder` would find the weights, of the catalogue's revision."""
    match model.source:
        case OwnSource(path=path):
            return _digest_of_own(_REPOSITORY / path)[:_REVISION_DIGITS] == model.revision
        case LibrarySource(package=package, version=wanted):
            return library_revision(package, wanted) == model.revision and _installed(package) == wanted
        case PackageSource() as source:
            return model_folder(model, models_dir).is_dir() or _package_file(source).is_file()
        case HubSource():
            return model_folder(model, models_dir).is_dir()


def ensure_folder(model: Model, models_dir: Path, *, say: Say) -> Path:
    """The folder to load a model from; converts a package's file once and says so. Raises SourceMissing."""
    if not is_present(model, models_dir):
        raise SourceMissing(f"the weights of {model.id}, or those of this revision, are not on this machine")
    if isinstance(model.source, OwnSource):
        return _REPOSITORY / model.source.path
    if isinstance(model.source, LibrarySource):
        return models_dir  # there is nothing to load
    target = model_folder(model, models_dir)
    if isinstance(model.source, PackageSource) and not target.is_dir():
        _convert(model, _package_file(model.source), target, say=say)
    return target


def read_ahead(model: Model, models_dir: Path) -> None:
    """Have the system keep a model's weights at hand, by reading them once; nothing happens where there are none."""
    chunk = bytearray(_CHUNK_BYTES)
    where = _REPOSITORY / model.source.path if isinstance(model.source, OwnSource) else model_folder(model, models_dir)
    for file in where.rglob("*.safetensors"):
        # Not os.posix_fadvise: Linux reads no more than one window ahead for it.
        with file.open("rb", buffering=0) as weights:
            while weights.readinto(chunk):
                pass


def library_revision(package: str, package_version: str) -> str:
    """The revision of a model that is nothing but a library's code."""
    return hashlib.sha256(f"{package}=={package_version}".encode()).hexdigest()[:_REVISION_DIGITS]


def file_digest(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_digest(path: Path) -> str:
    """The SHA-256 over a folder's files, their names included, in hexadecimal digits."""
    digest = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\0{file_digest(file)}\n".encode())
    return digest.hexdigest()


def model_folder(model: Pinned, models_dir: Path) -> Path:
    """The folder of a model that was converted or fetched, whether it is there or not."""
    return models_dir / f"{model.id}-{model.revision[:12]}"


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _package_file(source: PackageSource) -> Path:
    """A file of an installed package; the package itself is not imported (llama_cpp would come with it)."""
    name, _, inside = source.path.partition("/")
    spec = find_spec(name)
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0], inside) if places else Path("/nonexistent")


@cache
def _digest_of_own(path: Path) -> str:
    """The digest of a folder of this repository, which does not change under a running worker."""
    return folder_digest(path)


def _convert(model: Model, file: Path, target: Path, *, say: Say) -> None:
    """Write a GGUF as a folder of safetensors; whoever stops half-way leaves nothing under the final name."""
    from gpu_worker.weights.convert import convert

    if file_digest(file)[:_REVISION_DIGITS] != model.revision:
        raise SourceMissing(f"{file.name} is not the revision of {model.id} that the catalogue names")
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        convert(file, scratch, say=say)
        scratch.chmod(0o755)
        scratch.rename(target)
    except OSError:
        if not target.is_dir():  # else another process was faster, with the same result
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
