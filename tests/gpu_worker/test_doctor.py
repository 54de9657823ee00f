"""What the doctor finds on a machine that can work, and on one that cannot."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gpu_worker import doctor
from gpu_worker.doctor import Finding
from tests.gpu_worker.models import REPOSITORY, text_folder
from tests.gpu_worker.site import Site
from tests.services.ministack import CREDENTIALS, free_port


def _findings(site: Site, **settings: Any) -> dict[str, Finding]:
    return {finding.title: finding for finding in doctor.examine(site.settings(**settings))}


@pytest.mark.slow
def test_a_machine_that_can_work_is_told_so(site: Site) -> None:
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
    found = _findings(site, home=tmp_path, queue_urls=queues, media_bucket="no-such-bucket", profile="gpu")
    assert "ATELIER_QUEUE_URLS" in found["queue text"].advice
    assert "ATELIER_MEDIA_BUCKET" in found["writing media"].advice
    assert "NVIDIA" in found["GPU"].advice
    assert not found["disk"].advice


def test_a_place_that_does_not_answer_is_named(site: Site, tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    found = _findings(site, home=tmp_path, endpoint_url=nowhere, queue_urls={"text": f"{nowhere}/1/text"})
    assert "ATELIER_ENDPOINT_URL" in found["queue of events"].advice
