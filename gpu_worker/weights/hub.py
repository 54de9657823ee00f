"""Brings a model's files from its hub at the pinned commit, checked; where they go from there is left to `bucket`."""

import hashlib
import re
import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from httpx2 import HTTPError
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import ModelInfo, RepoSibling

from contract.catalogue import HubSource
from gpu_worker.engines import families
from gpu_worker.weights.sources import Pinned, Say, SourceMissing, file_digest

_SUFFIXES = {".safetensors", ".json", ".txt", ".model", ".jinja"}
"""Weights that cannot run anything, and what describes them; Python and pickles of a repository are never taken."""
_LEGAL = ("LICENSE", "NOTICE")
_OTHER_WEIGHTS = re.compile(r"\.(bin|h5|msgpack)\.index\.json$")
_VARIANT = re.compile(r"\.(fp16|bf16|fp8|non_ema)[.-]")


def download(model: Pinned, source: HubSource, *, into: Path, say: Say) -> list[str]:
    """Have a model's files in a folder; gives back their paths. What is there already is not fetched again.

    Raises SourceMissing when the hub does not have them, or has others than it says, or when no engine would take them.
    """
    api = HfApi()
    try:
        info = api.model_info(source.repository, revision=model.revision, files_metadata=True)
        offered = _offered(info, source, model)
        paths = needed(offered)
        _make_sure_of_room([offered[path] for path in paths], into=into)
        say(f"{len(paths)} files, {_size(offered[path] for path in paths)}, of {source.repository}")
        for number, path in enumerate(paths, start=1):
            say(f"{number}/{len(paths)} {path} ({_size([offered[path]])})")
            api.hf_hub_download(source.repository, path, revision=model.revision, local_dir=into)
    except (HTTPError, OSError) as error:
        raise SourceMissing(f"{source.repository} at {model.revision}: {_reason(error)}") from error
    for path in paths:
        _check(into / path, offered[path])
    if families.INDEX in paths:
        _check_family(into)
    return paths


def _offered(info: ModelInfo, source: HubSource, model: Pinned) -> dict[str, RepoSibling]:
    if info.sha != model.revision:
        raise SourceMissing(f"{source.repository}: the hub gave {info.sha} for {model.revision}")
    return {sibling.rfilename: sibling for sibling in info.siblings or []}


def _reason(error: Exception) -> str:
    """What the operator can do about it, in one line."""
    if isinstance(error, GatedRepoError):
        return "its terms have to be accepted on its page first; then name a token of that account: HF_TOKEN"
    if isinstance(error, RevisionNotFoundError | RepositoryNotFoundError):
        return "the hub does not have it"
    return f"{' '.join(str(error).split())} (is the hub reachable from here? HF_ENDPOINT names a mirror)"


def _make_sure_of_room(files: list[RepoSibling], *, into: Path) -> None:
    """Raises SourceMissing when the files that are not here yet do not fit onto the disk."""
    absent = [file for file in files if not (into / file.rfilename).is_file()]
    disk = next(folder for folder in (into, *into.absolute().parents) if folder.exists())
    free = shutil.disk_usage(disk).free
    if sum(file.size or 0 for file in absent) > free:
        raise SourceMissing(f"{_size(absent)} are to come and {disk} has {free / 1e6:,.1f} MB free")


def _check_family(folder: Path) -> None:
    try:
        families.family_of(folder)
    except families.UnknownPipeline as error:
        raise SourceMissing(str(error)) from error


def needed(paths: Iterable[str]) -> list[str]:
    """The files of a repository that loading it takes, in order; raises SourceMissing without safetensors.

    Of a diffusers pipeline those are its folders: the weights beside them are the same ones in another shape. Halved
    copies are left out where there is the whole.
    """
    fit = {path for path in paths if _is_fit(PurePosixPath(path))}
    if "model_index.json" in fit:
        fit = {path for path in fit if "/" in path or path == "model_index.json" or path.startswith(_LEGAL)}
    weights = {path for path in fit if path.endswith(".safetensors")}
    if not weights:
        raise SourceMissing("the repository has no safetensors")
    whole = {str(PurePosixPath(path).parent) for path in weights if not _VARIANT.search(path)}
    return sorted(p for p in fit if not (_VARIANT.search(p) and str(PurePosixPath(p).parent) in whole))


def _is_fit(path: PurePosixPath) -> bool:
    if path.is_absolute() or any(part.startswith(".") for part in path.parts) or _OTHER_WEIGHTS.search(path.name):
        return False
    return path.suffix in _SUFFIXES or (len(path.parts) == 1 and path.name.startswith(_LEGAL))


def _check(file: Path, offered: RepoSibling) -> None:
    """Compare a file with what its commit says: SHA-256 of a large one, git's own digest of a small one."""
    wanted = offered.lfs.sha256 if offered.lfs else offered.blob_id
    found = file_digest(file) if offered.lfs else _git_digest(file.read_bytes())
    if found != wanted:
        file.unlink()
        raise SourceMissing(f"{offered.rfilename} is not the file that the commit names; it was removed")


def _git_digest(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _size(files: Iterable[RepoSibling]) -> str:
    return f"{sum(file.size or 0 for file in files) / 1e6:,.1f} MB"
