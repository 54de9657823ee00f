"""The bucket from which worker machines fetch models: put there whole, fetched whole, checked by a manifest.

A model stands under `{id}/{revision}/`; its manifest is written last and read first, so that a model without one is
not there yet.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field
from tqdm import tqdm

from gpu_worker.aws import is_absent
from gpu_worker.weights.sources import Pinned, Say, SourceMissing, file_digest, model_folder

_MANIFEST = "manifest.json"


class ManifestFile(BaseModel):
    """One file of a model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, Field(pattern=r"^[\w+-][\w.+-]*(/[\w+-][\w.+-]*)*$")]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """Every file of a model at its revision."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    v: Literal[1] = 1
    model: str
    revision: str
    files: Annotated[tuple[ManifestFile, ...], Field(min_length=1)]


def push(s3: Any, model: Pinned, folder: Path, paths: Sequence[str], *, bucket: str, say: Say) -> int:
    """Copy these files of a folder into the bucket and then say that they are there; how many were not there yet."""
    files = tuple(
        ManifestFile(path=path, bytes=(folder / path).stat().st_size, sha256=file_digest(folder / path))
        for path in paths
    )
    sent = 0
    for file in files:
        if not _has(s3, model, file, bucket=bucket):
            say(f"uploading {file.path} ({file.bytes / 1e6:,.1f} MB)")
            extra = {"Metadata": {"sha256": file.sha256}, "ChecksumAlgorithm": "SHA256"}
            with _bar(file) as bar:
                s3.upload_file(
                    str(folder / file.path), bucket, _key(model, file.path), ExtraArgs=extra, Callback=bar.update
                )
            sent += 1
    manifest = Manifest(model=model.id, revision=model.revision, files=files)
    if sent or manifest != read_manifest(s3, model, bucket=bucket):
        s3.put_object(Bucket=bucket, Key=_key(model, _MANIFEST), Body=manifest.model_dump_json().encode())
    return sent


def fetch(s3: Any, model: Pinned, models_dir: Path, *, bucket: str, say: Say) -> None:
    """Have a model's folder on this machine; one that was begun is gone on with. Raises SourceMissing.

    The folder gets its name when every file is there and right: whoever stops half-way leaves nothing under it.
    """
    target = model_folder(model, models_dir)
    if target.is_dir():
        return
    manifest = read_manifest(s3, model, bucket=bucket)
    if manifest is None:
        raise SourceMissing(f"the bucket {bucket} does not have {model.id} at {model.revision}")
    scratch = target.with_name(f".{target.name}.part")
    total, done = sum(file.bytes for file in manifest.files), 0
    for file in manifest.files:
        say(f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB, {file.path}")
        _fetch_file(s3, model, file, scratch, bucket=bucket)
        done += file.bytes
    scratch.rename(target)


def _fetch_file(s3: Any, model: Pinned, file: ManifestFile, folder: Path, *, bucket: str) -> None:
    path = folder / file.path
    if path.is_file() and _is_right(path, file):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with _bar(file) as bar:
        s3.download_file(bucket, _key(model, file.path), str(path), Callback=bar.update)
    if not _is_right(path, file):
        path.unlink()
        raise SourceMissing(f"{file.path} of {model.id} in the bucket is not the file that the manifest names")


def _bar(file: ManifestFile) -> "tqdm[Any]":  # only its stubs know what it iterates over
    """Shows how far a file is, where somebody looks at a terminal."""
    return tqdm(total=file.bytes, unit="B", unit_scale=True, desc=file.path, disable=None, leave=False)


def _is_right(path: Path, file: ManifestFile) -> bool:
    return path.stat().st_size == file.bytes and file_digest(path) == file.sha256


def _has(s3: Any, model: Pinned, file: ManifestFile, *, bucket: str) -> bool:
    try:
        head = s3.head_object(Bucket=bucket, Key=_key(model, file.path))
    except ClientError as error:
        if is_absent(error):
            return False
        raise
    return bool(head["ContentLength"] == file.bytes and head["Metadata"].get("sha256") == file.sha256)


def read_manifest(s3: Any, model: Pinned, *, bucket: str) -> Manifest | None:
    """What the bucket has of a model; None without a manifest. Raises SourceMissing for one of another model."""
    try:
        body = s3.get_object(Bucket=bucket, Key=_key(model, _MANIFEST))["Body"].read()
    except ClientError as error:
        if is_absent(error):
            return None
        raise
    try:
        manifest = Manifest.model_validate(json.loads(body))
    except ValueError as error:
        raise SourceMissing(f"the manifest of {model.id} in the bucket {bucket} cannot be read") from error
    if (manifest.model, manifest.revision) != (model.id, model.revision):
        raise SourceMissing(f"the manifest of {model.id} in the bucket {bucket} is of {manifest.model}")
    return manifest


def _key(model: Pinned, path: str) -> str:
    return f"{model.id}/{model.revision}/{path}"
