"""A worker that has been told what not to make."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gpu_worker.worker import Worker
from tests.gpu_worker.site import Site, a_text_request, an_image_request
from tests.wait import until

pytestmark = pytest.mark.slow


def test_a_refused_prompt_fails_its_task_and_the_worker_goes_on(
    site: Site, start_worker: Callable[..., Worker], tmp_path: Path
) -> None:
    words = tmp_path / "refused.txt"
    words.write_text("gun")
    start_worker(prompt_filter=words)
    refused = site.final(site.send("text", a_text_request("Describe a gun.")))
    assert (refused.event, refused.code, refused.retryable) == ("failed", "prompt_refused", False)
    assert site.final(site.send("text", a_text_request("Describe a fox."))).event == "succeeded"
    until(lambda: site.is_clean("text"))


def test_a_refused_picture_is_stored_nowhere(site: Site, start_worker: Callable[..., Worker], folder: Path) -> None:
    # Whatever the picture shows is too much for this threshold.
    start_worker(safety_model=folder, safety_threshold=1e-9)
    refused = site.final(site.send("image", an_image_request()))
    assert (refused.event, refused.code) == ("failed", "picture_refused")
    assert refused.safety.checker == "red-is-unsafe"
    assert site.keys("media/") == set()


def test_the_verdict_of_a_picture_that_passes_is_reported(
    site: Site, start_worker: Callable[..., Worker], folder: Path
) -> None:
    start_worker(safety_model=folder, safety_threshold=1.0)
    done = site.final(site.send("image", an_image_request()))
    assert done.event == "succeeded"
    assert done.safety.passed


def _breaks(*_: object) -> None:
    raise RuntimeError("the classifier broke")


def test_where_a_check_is_required_a_broken_one_lets_nothing_pass_and_stores_nothing(
    site: Site, start_worker: Callable[..., Worker], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_worker(safety_model=folder, safety_threshold=1.0, safety_required=True)
    with monkeypatch.context() as patch:
        patch.setattr("gpu_worker.safety.pictures.PictureCheck.verdict", _breaks)
        refused = site.final(site.send("image", an_image_request()))
    assert (refused.event, refused.code, refused.retryable) == ("failed", "safety_unavailable", True)
    assert site.keys("media/") == set()
    assert site.final(site.send("image", an_image_request())).safety.passed


def test_an_unchecked_picture_has_no_verdict_where_no_check_is_required(
    site: Site, start_worker: Callable[..., Worker], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpu_worker.safety.pictures.PictureCheck.verdict", _breaks)
    start_worker(safety_model=folder)
    done = site.final(site.send("image", an_image_request()))
    assert (done.event, done.safety) == ("succeeded", None)
