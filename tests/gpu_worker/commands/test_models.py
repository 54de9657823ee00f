"""A model's way from its hub over the bucket to a worker's machine: a local hub, and MiniStack's S3."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub.constants
import pytest

from contract import catalogue
from contract.catalogue import Catalogue
from contract.kinds import Kind
from gpu_worker import loading
from gpu_worker.commands import models as cli
from gpu_worker.commands import prepare
from gpu_worker.settings import ModelSettings
from gpu_worker.weights import bucket, hub, sources
from gpu_worker.weights.sources import SourceMissing, folder_digest
from gpu_worker.worker import Worker
from tests.gpu_worker.fake_hub import Hub, running_hub
from tests.gpu_worker.models import CATALOGUE, TEXT_MODEL, TINY, tiny_folder
from tests.gpu_worker.site import Site, an_image_request
from tests.services.ministack import aws, free_port

FOLDER = f"{TINY.id}-{TINY.revision[:12]}"
JUNK = {
    "README.md": "# Tiny",
    ".gitattributes": "*",
    "tiny.safetensors": "the same weights in one file",
    "unet/diffusion_pytorch_model.bin": "a pickle",
    "unet/diffusion_pytorch_model.fp16.safetensors": "half of it",
    "modeling_tiny.py": "import os",
    "unet/loader.py": "import os",
}


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Hub]:
    """The tiny model on a hub, among files that nobody should take."""
    folder = tmp_path / "repository"
    shutil.copytree(tiny_folder(), folder)
    for name, content in JUNK.items():
        (folder / name).write_text(content)
    (folder / "LICENSE").write_text("MIT")
    repository = Hub(folder, repository=TINY.source.repository, revision=TINY.revision)
    with running_hub(repository):
        yield repository


@pytest.fixture
def sync(sync: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the operator's command for a catalogue with the tiny model."""
    monkeypatch.setattr(catalogue, "load", lambda _profile: CATALOGUE)
    return sync


def fetch(ministack: str, models: str, into: Path) -> Path:
    bucket.fetch(aws("s3", ministack), TINY, into, bucket=models, say=lambda _: None)
    return into / FOLDER


def keys(ministack: str, models: str) -> set[str]:
    found = aws("s3", ministack).list_objects_v2(Bucket=models).get("Contents", [])
    return {item["Key"].removeprefix(f"{TINY.id}/{TINY.revision}/") for item in found}


@pytest.mark.model
def test_a_model_travels_from_its_hub_to_a_worker_that_draws_with_it(
    repository: Hub,
    sync: Callable[..., int],
    site: Site,
    models: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert sync() == 0
    assert f"in s3://{models}" in capsys.readouterr().out
    settings = ModelSettings(
        home=tmp_path / "home",
        models_bucket=models,
        aws_endpoint_url=site.endpoint,
        aws_region="us-east-1",
        steps_image_queue_url=site.queues["image"],
    )
    prepare.prepare(settings)
    worker = Worker(site.settings(home=settings.home, queues=settings.queue_urls), catalogue=Catalogue(models=(TINY,)))
    worker.start()
    try:
        assert site.final(site.send("image", an_image_request())).event == "succeeded"
    finally:
        worker.stop()


def test_only_safetensors_and_what_describes_them_are_taken(
    repository: Hub, sync: Callable[..., int], ministack: str, models: str
) -> None:
    assert sync("--model", TINY.id) == 0
    wanted = {path.relative_to(tiny_folder()).as_posix() for path in tiny_folder().rglob("*") if path.is_file()}
    assert keys(ministack, models) == {p for p in wanted if "/" in p} | {"model_index.json", "LICENSE", "manifest.json"}


def test_a_repeat_sends_nothing_again_and_goes_on_where_it_stopped(
    repository: Hub, sync: Callable[..., int], ministack: str, models: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sync()
    first = dict(repository.fetched)
    aws("s3", ministack).delete_object(Bucket=models, Key=f"{TINY.id}/{TINY.revision}/manifest.json")
    aws("s3", ministack).delete_object(Bucket=models, Key=f"{TINY.id}/{TINY.revision}/model_index.json")
    capsys.readouterr()
    assert sync() == 0
    assert "1 of them new" in capsys.readouterr().out
    assert dict(repository.fetched) == first
    assert sync() == 0
    assert "0 of them new" in capsys.readouterr().out
    assert {"manifest.json", "model_index.json"} <= keys(ministack, models)


@pytest.mark.parametrize("lie", ["model_index.json", "unet/diffusion_pytorch_model.safetensors"])
def test_a_hub_that_gives_other_bytes_than_its_commit_is_refused(
    repository: Hub, sync: Callable[..., int], ministack: str, models: str, lie: str, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.lies_about = lie
    assert sync() == 1
    assert f"{lie} is not the file that the commit names" in capsys.readouterr().err
    assert keys(ministack, models) == set()
    repository.lies_about = None
    assert sync() == 0


def test_a_hub_without_the_revision_is_named(
    repository: Hub, sync: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    repository.revision = "2" * 40
    assert sync() == 1
    assert f"tests/tiny at {TINY.revision}" in capsys.readouterr().err


def test_a_bucket_that_is_not_there_is_named_in_one_line(
    repository: Hub, sync: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert sync("--bucket", "no-such-bucket") == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "no-such-bucket" in line


def test_an_interrupted_copy_prints_that_it_can_be_resumed(
    repository: Hub, sync: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(bucket, "push", interrupted)
    assert sync() == 130
    assert "goes on from here" in capsys.readouterr().err


def test_the_command_names_what_it_does_not_know(sync: Callable[..., int]) -> None:
    with pytest.raises(SystemExit, match="no model of a hub called nothing; it has tiny"):
        sync("--model", "nothing")


def test_a_hub_that_does_not_answer_is_told_from_one_without_the_model(
    sync: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"http://127.0.0.1:{free_port()}")
    assert sync() == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "HF_ENDPOINT" in line


def test_a_pipeline_that_no_engine_would_load_does_not_get_into_the_bucket(
    repository: Hub, sync: Callable[..., int], ministack: str, models: str, capsys: pytest.CaptureFixture[str]
) -> None:
    index = repository.folder / "model_index.json"
    index.write_text(index.read_text().replace("StableDiffusionPipeline", "OtherPipeline"))
    assert sync() == 1
    assert "OtherPipeline is none of StableDiffusionPipeline" in capsys.readouterr().err
    assert keys(ministack, models) == set()


def test_what_does_not_fit_on_the_disk_is_not_begun(
    repository: Hub, sync: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=1000))
    assert sync() == 1
    assert "0.0 MB free" in capsys.readouterr().err
    assert not repository.fetched


@pytest.mark.model
def test_a_machine_of_ones_own_takes_a_model_from_its_hub(
    repository: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(catalogue, "load", lambda _profile: CATALOGUE)
    home = ModelSettings(home=tmp_path / "home")
    for _ in range(2):
        assert cli.main(["fetch", "--home", str(home.home)]) == 0
        assert f"in {home.models_dir / FOLDER}" in capsys.readouterr().out
    assert sources.is_present(TINY, home.models_dir)
    assert Kind.IMAGE in loading.build(TINY, home.models_dir / FOLDER, threads=0)


def test_without_models_of_a_hub_there_is_nothing_to_copy(
    sync: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(catalogue, "load", lambda _profile: Catalogue(models=(TEXT_MODEL,)))
    assert sync() == 0
    assert "nothing to copy" in capsys.readouterr().out


def pushed(ministack: str, models: str) -> None:
    paths = [path.relative_to(tiny_folder()).as_posix() for path in tiny_folder().rglob("*") if path.is_file()]
    bucket.push(aws("s3", ministack), TINY, tiny_folder(), paths, bucket=models, say=lambda _: None)


def test_a_fetched_model_is_the_one_that_was_pushed(ministack: str, models: str, tmp_path: Path) -> None:
    pushed(ministack, models)
    folder = fetch(ministack, models, tmp_path)
    assert folder_digest(folder) == folder_digest(tiny_folder())
    assert [path.name for path in tmp_path.iterdir()] == [FOLDER]


def test_a_broken_fetch_leaves_no_model_and_goes_on_later(ministack: str, models: str, tmp_path: Path) -> None:
    pushed(ministack, models)
    s3 = aws("s3", ministack)
    key = f"{TINY.id}/{TINY.revision}/unet/diffusion_pytorch_model.safetensors"
    whole = s3.get_object(Bucket=models, Key=key)["Body"].read()
    s3.put_object(Bucket=models, Key=key, Body=whole[:-1] + b"!")
    with pytest.raises(SourceMissing, match="not the file that the manifest names"):
        fetch(ministack, models, tmp_path)
    assert not (tmp_path / FOLDER).exists()
    s3.put_object(Bucket=models, Key=key, Body=whole)
    for name in keys(ministack, models) - {"manifest.json", "unet/diffusion_pytorch_model.safetensors"}:
        if (tmp_path / f".{FOLDER}.part" / name).exists():
            s3.delete_object(Bucket=models, Key=f"{TINY.id}/{TINY.revision}/{name}")
    assert folder_digest(fetch(ministack, models, tmp_path)) == folder_digest(tiny_folder())


def test_a_model_without_a_manifest_is_not_there_yet(ministack: str, models: str, tmp_path: Path) -> None:
    pushed(ministack, models)
    aws("s3", ministack).delete_object(Bucket=models, Key=f"{TINY.id}/{TINY.revision}/manifest.json")
    with pytest.raises(SourceMissing, match="does not have tiny"):
        fetch(ministack, models, tmp_path)


@pytest.mark.parametrize(
    "manifest",
    [
        "{",
        '{"v": 1, "model": "tiny", "revision": "1", "files": []}',
        '{"v": 1, "model": "other", "revision": "1", "files": [{"path": "a", "bytes": 1, "sha256": "%s"}]}' % ("0" * 64),
        '{"v": 1, "model": "tiny", "revision": "1", "files": [{"path": "../a", "bytes": 1, "sha256": "%s"}]}' % ("0" * 64),
        '{"v": 1, "model": "tiny", "revision": "1", "files": [{"path": "/a", "bytes": 1, "sha256": "%s"}]}' % ("0" * 64),
    ],
)  # fmt: skip
def test_a_manifest_that_cannot_be_trusted_is_refused(
    ministack: str, models: str, tmp_path: Path, manifest: str
) -> None:
    key = f"{TINY.id}/{TINY.revision}/manifest.json"
    aws("s3", ministack).put_object(Bucket=models, Key=key, Body=manifest.encode())
    with pytest.raises(SourceMissing, match="manifest"):
        fetch(ministack, models, tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_a_worker_without_the_model_offers_the_others(
    ministack: str, models: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(catalogue, "load", lambda _profile: Catalogue(models=(TINY,)))
    settings = ModelSettings(home=tmp_path, models_bucket=models, aws_endpoint_url=ministack, aws_region="us-east-1")
    prepare.prepare(settings)
    said = capsys.readouterr().out
    assert f"the bucket {models} does not have tiny" in said
    assert "will not offer it" in said


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["model.safetensors", "config.json", "pytorch_model.bin"], ["config.json", "model.safetensors"]),
        (["a.fp16.safetensors", "config.json"], ["a.fp16.safetensors", "config.json"]),
        (["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json",
          "model.fp16-00001-of-00002.safetensors", "model.safetensors.index.fp16.json", "flax_model.msgpack.index.json"],
         ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"]),
    ],
)  # fmt: skip
def test_of_several_shapes_of_the_weights_one_is_taken(paths: list[str], expected: list[str]) -> None:
    assert hub.needed(paths) == expected


def test_a_repository_of_pickles_is_refused() -> None:
    with pytest.raises(SourceMissing, match="no safetensors"):
        hub.needed(["pytorch_model.bin", "config.json"])


def test_a_model_of_the_worker_itself_cannot_be_copied(ministack: str, models: str, tmp_path: Path) -> None:
    s3: Any = aws("s3", ministack)
    with pytest.raises(SourceMissing, match="comes with the worker"):
        cli.sync(s3, TEXT_MODEL, bucket_name=models, cache=tmp_path)
