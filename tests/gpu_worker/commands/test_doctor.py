"""What the doctor finds on a machine that can work, and on one that cannot."""

import subprocess
import sys
from pathlib import Path

import pytest

from contract import catalogue
from contract.catalogue import Catalogue, Model
from gpu_worker.commands import doctor
from gpu_worker.commands.doctor import Finding
from gpu_worker.settings import ModelSettings
from gpu_worker.weights import bucket
from tests.gpu_worker.models import REPOSITORY, TINY, text_folder, tiny_folder
from tests.gpu_worker.site import Site
from tests.services.ministack import CREDENTIALS, a_bucket, free_port


def _findings(settings: ModelSettings, *models: Model) -> dict[str, Finding]:
    """What is found where the catalogue has these models."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "load", lambda _profile: Catalogue(models=models))
        return {finding.title: finding for finding in doctor.examine(settings)}


@pytest.mark.slow
def test_the_doctor_finds_nothing_on_a_machine_that_can_work(site: Site) -> None:
    text_folder()
    done = subprocess.run(
        [sys.executable, "-m", "gpu_worker", "doctor"],
        env={**CREDENTIALS, **site.environment()},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "This machine can work." in done.stdout
    for title in ("queue text", "queue image", "writing media", "demo-emoji, edit", "smollm2-135m, text"):
        assert f"ok   {title}: " in done.stdout


def test_what_is_missing_comes_with_what_to_do(site: Site, tmp_path: Path) -> None:
    queues = {"text": f"{site.endpoint}/000000000000/no-such-queue"}
    settings = site.settings(home=tmp_path, queues=queues, media_bucket="no-such-bucket", profile="gpu")
    found = _findings(settings)
    assert "ATELIER_STEPS_TEXT_QUEUE_URL" in found["queue text"].advice
    assert "ATELIER_MEDIA_BUCKET" in found["writing media"].advice
    assert "NVIDIA" in found["GPU"].advice
    assert not found["disk"].advice


def test_a_place_that_does_not_answer_is_named(site: Site, tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    queues = {"text": f"{nowhere}/1/text"}
    found = _findings(site.settings(home=tmp_path, aws_endpoint_url=nowhere, queues=queues))
    assert "ATELIER_AWS_ENDPOINT_URL" in found["queue of events"].advice


def test_a_machine_without_queues_is_examined_all_the_same(tmp_path: Path) -> None:
    found = _findings(ModelSettings(home=tmp_path), TINY)
    assert "ATELIER_STEPS_…_QUEUE_URL" in found["queues and media"].advice
    assert found["tiny"].advice == f"Run: python -m gpu_worker.models fetch --home {tmp_path} --model tiny"


def test_an_absent_model_comes_with_where_to_take_it_from(site: Site, tmp_path: Path) -> None:
    models = a_bucket(site.endpoint, "models")
    settings = site.settings(home=tmp_path, models_bucket=models)
    advice = _findings(settings, TINY)["tiny"].advice
    assert advice == f"Run: python -m gpu_worker.models sync --bucket {models} --model tiny"
    paths = ["unet/config.json", "model_index.json"]
    bucket.push(site.s3, TINY, tiny_folder(), paths, bucket=models, say=lambda _: None)
    assert "prepare" in _findings(settings, TINY)["tiny"].advice
    found = _findings(site.settings(home=tmp_path, models_bucket="no-such-bucket"), TINY)["tiny"]
    assert "ATELIER_MODELS_BUCKET" in found.advice


@pytest.mark.model
def test_the_doctor_tells_a_model_without_room_from_one_that_works(site: Site) -> None:
    tiny_folder()
    large = TINY.model_copy(update={"memory_bytes": 2 * 1024**3})
    found = _findings(site.settings(memory_bytes=1024**3), large)
    assert (found["tiny"].detail, bool(found["tiny"].advice)) == ("takes 2.0 GB of memory", True)
    found = _findings(site.settings(memory_bytes=1024**3), TINY)
    assert not found["tiny, image"].advice
    assert not found["tiny, edit"].advice


def test_a_setting_that_does_not_fit_is_named_by_its_variable() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gpu_worker", "doctor"],
        env={"ATELIER_PROFILE": "tpu"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "ATELIER_PROFILE: Input should be 'demo' or 'gpu'" in done.stderr
