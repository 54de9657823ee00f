"""A classifier's way from its hub over the bucket to the worker that judges with it: a local hub, MiniStack's S3."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contract import catalogue
from contract.catalogue import Catalogue
from gpu_worker.__main__ import main as run_worker
from gpu_worker.commands import models as cli
from gpu_worker.commands import prepare
from gpu_worker.settings import ModelSettings
from gpu_worker.weights.classifier import Classifier, labels_in
from gpu_worker.weights.sources import SourceMissing
from gpu_worker.worker import Worker
from tests.gpu_worker.fake_hub import Hub, running_hub
from tests.gpu_worker.models import tiny_folder
from tests.gpu_worker.site import Site, an_image_request
from tests.services.ministack import aws

REVISION = "5" * 40
PIN = f"tests/red-is-unsafe@{REVISION}"
FOLDER = f"red-is-unsafe-{REVISION[:12]}"
JUNK = {"README.md": "# Red", "pytorch_model.bin": "a pickle", "modeling_red.py": "import os"}


@pytest.fixture
def repository(folder: Path, tmp_path: Path) -> Iterator[Hub]:
    """The classifier on a hub, among files that nobody should take."""
    place = tmp_path / "repository"
    shutil.copytree(folder, place)
    for name, content in JUNK.items():
        (place / name).write_text(content)
    repository = Hub(place, repository="tests/red-is-unsafe", revision=REVISION)
    with running_hub(repository):
        yield repository


@pytest.fixture
def settings(ministack: str, models: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelSettings:
    """Those of a machine that is to judge, and needs no model for this."""
    monkeypatch.setattr(catalogue, "load", lambda _profile: Catalogue(models=()))
    place = {
        "home": tmp_path / "home",
        "models_bucket": models,
        "aws_endpoint_url": ministack,
        "aws_region": "us-east-1",
    }
    return ModelSettings(safety_classifier=PIN, **place)


def keys(ministack: str, models: str) -> set[str]:
    return {item["Key"] for item in aws("s3", ministack).list_objects_v2(Bucket=models).get("Contents", [])}


@pytest.mark.slow
def test_a_classifier_travels_from_its_hub_to_a_worker_that_judges_with_it(
    repository: Hub,
    sync: Callable[..., int],
    settings: ModelSettings,
    site: Site,
    start_worker: Callable[..., Worker],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert sync("--classifier", PIN) == 0
    said = capsys.readouterr().out
    assert "safety/red-is-unsafe: tells apart normal, nsfw" in said
    assert f"in s3://{settings.models_bucket}" in said
    prepare.prepare(settings)
    assert "safety/red-is-unsafe: ready" in capsys.readouterr().out
    (settings.models_dir / tiny_folder().name).symlink_to(tiny_folder())
    worker = {"home": settings.home, "queues": {"image": site.queues["image"]}, "safety_classifier": PIN}
    start_worker(**worker, safety_threshold=1e-9, safety_required=True)
    refused = site.final(site.send("image", an_image_request()))
    assert (refused.code, refused.safety.checker) == ("picture_refused", FOLDER)


def test_only_safetensors_and_what_describes_them_are_taken(
    repository: Hub, sync: Callable[..., int], ministack: str, models: str
) -> None:
    assert sync("--classifier", PIN) == 0
    assert keys(ministack, models) == {
        f"safety/red-is-unsafe/{REVISION}/{name}"
        for name in ("config.json", "manifest.json", "model.safetensors", "preprocessor_config.json")
    }


def test_a_classifier_with_other_bytes_than_its_commit_or_its_manifest_is_refused(
    repository: Hub, sync: Callable[..., int], ministack: str, settings: ModelSettings,
) -> None:  # fmt: skip
    repository.lies_about = "model.safetensors"
    assert sync("--classifier", PIN) == 1
    assert keys(ministack, settings.models_bucket) == set()
    repository.lies_about = None
    assert sync("--classifier", PIN) == 0
    key = f"safety/red-is-unsafe/{REVISION}/model.safetensors"
    aws("s3", ministack).put_object(Bucket=settings.models_bucket, Key=key, Body=b"other weights")
    with pytest.raises(SourceMissing, match="not the file that the manifest names"):
        prepare.prepare(settings)
    assert not (settings.models_dir / "safety" / FOLDER).exists()


def test_what_is_no_image_classifier_does_not_get_into_the_bucket(
    repository: Hub, sync: Callable[..., int], ministack: str, models: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = repository.folder / "config.json"
    config.write_text(json.dumps({"architectures": ["BertForSequenceClassification"], "id2label": {"0": "nsfw"}}))
    assert sync("--classifier", PIN) == 1
    assert "no image classifier of transformers: BertForSequenceClassification" in capsys.readouterr().err
    assert keys(ministack, models) == set()


@pytest.mark.parametrize("config", ["{", "[]", '{"architectures": 1}', "{}"])
def test_a_folder_whose_config_names_no_classifier_is_refused(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(SourceMissing, match="config"):
        labels_in(tmp_path)


def test_no_worker_begins_without_the_classifier_that_is_wanted(
    settings: ModelSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("home", "models_bucket", "aws_endpoint_url", "aws_region", "safety_classifier"):
        monkeypatch.setenv(f"ATELIER_{name.upper()}", str(getattr(settings, name)))
    assert run_worker(["prepare"]) == 1
    assert "does not have safety/red-is-unsafe" in capsys.readouterr().err
    monkeypatch.setenv("ATELIER_MODELS_BUCKET", "")
    assert run_worker(["prepare"]) == 1
    assert f"gpu_worker.models fetch --home {settings.home} --classifier {PIN}" in capsys.readouterr().err


def test_a_machine_of_ones_own_takes_a_classifier_from_its_hub(
    repository: Hub, settings: ModelSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["fetch", "--home", str(settings.home), "--classifier", PIN]) == 0
    assert f"in {settings.models_dir / 'safety' / FOLDER}" in capsys.readouterr().out
    prepare.prepare(settings.model_copy(update={"models_bucket": ""}))
    assert labels_in(settings.models_dir / "safety" / FOLDER) == ["normal", "nsfw"]


@pytest.mark.parametrize(
    "pin", ["red", "tests/red", f"red@{REVISION}", f"tests/red@{REVISION[:12]}", f"../red@{REVISION}"]
)
def test_a_classifier_without_its_commit_is_refused(pin: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["sync", "--bucket", "models", "--classifier", pin])
    assert f"{pin} is not owner/name@commit" in capsys.readouterr().err
    with pytest.raises(ValueError):
        ModelSettings(safety_classifier=pin)


def test_a_model_that_is_named_too_is_copied_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[str] = []
    monkeypatch.setattr(cli, "_syncing", lambda _options: lambda model: chosen.append(model.id))
    cli.main(["sync", "--bucket", "models", "--classifier", PIN, "--model", "smolvlm-500m"])
    assert chosen == [Classifier.parse(PIN).id, "smolvlm-500m"]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"SAFETY_REQUIRED": "true"}, "  ATELIER_SAFETY_REQUIRED: needs ATELIER_SAFETY_CLASSIFIER"),
        ({"SAFETY_CLASSIFIER": PIN, "SAFETY_MODEL": "/models/red"}, "  ATELIER_SAFETY_MODEL: there is"),
        ({"SAFETY_CLASSIFIER": "red"}, "  ATELIER_SAFETY_CLASSIFIER: String should match pattern"),
        ({"PROMPT_LIST": "safety/prompts.txt"}, "  ATELIER_PROMPT_LIST: needs ATELIER_MODELS_BUCKET"),
        (
            {"PROMPT_LIST": "prompts.txt", "MODELS_BUCKET": "m", "PROMPT_FILTER": "/words"},
            "  ATELIER_PROMPT_FILTER: there is ATELIER_PROMPT_LIST too",
        ),
    ],
)
def test_settings_that_contradict_one_another_are_named(
    environment: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needed = {"STEPS_IMAGE_QUEUE_URL": "http://q", "EVENTS_QUEUE_URL": "http://e", "MEDIA_BUCKET": "media"}
    for name, value in (needed | environment).items():
        monkeypatch.setenv(f"ATELIER_{name}", value)
    assert run_worker([]) == 2
    assert said in capsys.readouterr().err


def test_no_unfinished_picture_is_shown_where_a_classifier_judges(site: Site) -> None:
    given: dict[str, Any] = {"preview_seconds": 1, "safety_classifier": PIN}
    assert site.settings(**given).seconds_between_previews == 0
