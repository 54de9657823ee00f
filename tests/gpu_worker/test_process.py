"""The worker as a process of its own: how it starts, how it stops, and what a sudden end costs."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from contract import catalogue
from tests.gpu_worker.models import REPOSITORY, text_folder
from tests.gpu_worker.site import Site, a_request, a_text_request
from tests.services.ministack import CREDENTIALS
from tests.wait import until

pytestmark = pytest.mark.slow

LONG = a_text_request("Tell a long story.", max_tokens=500)

Start = Callable[..., subprocess.Popen[bytes]]


def mean_colour(png: bytes) -> tuple[float, float, float]:
    """The mean red, green and blue of a picture, 0 to 255."""
    red, green, blue = np.asarray(Image.open(BytesIO(png)).convert("RGB"), dtype=float).mean(axis=(0, 1))
    return red, green, blue


@pytest.fixture
def start(site: Site, tmp_path: Path) -> Iterator[Start]:
    """Start `python -m gpu_worker` with the real catalogue; what still runs after the test is killed."""
    text_folder()
    processes: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str, **settings: object) -> subprocess.Popen[bytes]:
        environment = {**CREDENTIALS, **site.environment(**settings), "HOME": str(tmp_path), "PATH": os.defpath}
        with (tmp_path / "log").open("ab") as log:
            command = [sys.executable, "-m", "gpu_worker", *arguments]
            process = subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=log, stderr=log)
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.wait()


def describe(site: Site, key: str) -> Any:
    """The end of a caption's task about the picture of this key."""
    model = catalogue.load("demo").find("nearest-icon")
    assert model
    return site.final(site.send("image", a_request(model, "caption", {"image": key}, [1])))


def enlarge(site: Site, key: str, *, factor: int = 4) -> Any:
    """The end of an upscale's task about the picture of this key."""
    model = catalogue.load("demo").find("lanczos")
    assert model
    return site.final(site.send("image", a_request(model, "upscale", {"image": key, "factor": factor}, [1])))


def test_the_demo_models_do_every_kind_under_the_real_catalogue(site: Site, start: Start) -> None:
    emoji = catalogue.load("demo").find("demo-emoji")
    assert emoji
    common = {"denoise_steps": 12, "guidance": 3.0}
    params = {"prompt": "a red apple", "width": 64, "height": 64, "count": 3, **common}
    start()
    drawn = site.final(site.send("image", a_request(emoji, "image", params, [1, 2, 3])))
    alone = site.final(site.send("image", a_request(emoji, "image", params | {"count": 1}, [3])))
    assert site.get(alone.outputs[0].key) == site.get(drawn.outputs[2].key)
    params = {"prompt": "a green apple", "image": drawn.outputs[0].key, "strength": 0.8, **common}
    changed = site.final(site.send("image", a_request(emoji, "edit", params, [1])))
    red, green = (mean_colour(site.get(event.outputs[0].key)) for event in (drawn, changed))
    assert red[0] > red[1] + 20, "a red apple is more red than green"
    assert green[1] - green[0] > red[1] - red[0] + 20, "changed into a green one it is greener"
    described, enlarged = describe(site, drawn.outputs[0].key), enlarge(site, drawn.outputs[0].key)
    assert described.outputs[0].text in {"A picture of an apple.", "A picture of a red apple."}
    assert (enlarged.outputs[0].width, enlarged.outputs[0].height) == (256, 256)
    assert site.final(site.send("text", a_text_request())).event == "succeeded"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_receives_a_signal_releases_its_tasks(site: Site, start: Start, number: signal.Signals) -> None:
    first, waiting = site.send("text", LONG), site.send("text", a_text_request("Wait.", max_tokens=500))
    worker = start()
    site.wait_for(first, "progress")
    site.wait_for(waiting, "started")
    worker.send_signal(number)
    assert worker.wait(timeout=20) == 0
    for task in (first, waiting):
        assert site.final(task).event == "released"
    assert site.is_clean("text"), "the database sends again what was released"
    assert site.keys("media/") == set()


def test_a_second_signal_ends_the_worker_at_once(site: Site, start: Start) -> None:
    worker = start(wait_seconds=20)
    until(site.alive)
    worker.send_signal(signal.SIGTERM)
    worker.send_signal(signal.SIGINT)
    assert worker.wait(timeout=18) in (0, 128 + signal.SIGINT, 128 + signal.SIGTERM)


def test_a_killed_workers_task_is_taken_up_by_the_next(site: Site, start: Start) -> None:
    task = site.send("text", a_text_request("Tell a story.", max_tokens=30))
    worker = start(visibility_seconds=3, visibility_renew_seconds=1)
    first = site.wait_for(task, "progress")
    worker.kill()
    worker.wait()
    assert site.waiting("text") == 0
    start()
    done = site.final(task)
    assert done.event == "succeeded"
    assert done.delivery != first.delivery
    assert site.keys("media/") == {output.key for output in done.outputs}
    until(lambda: site.is_clean("text"))


def refused(environment: dict[str, str]) -> str:
    """What a worker that does not start with this environment says of it."""
    command = [sys.executable, "-m", "gpu_worker"]
    result = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    return result.stderr


def test_settings_that_do_not_fit_are_named() -> None:
    said = refused({"ATELIER_AHEAD_COST": '{"video": 1}', "ATELIER_SLOTS": "0"})
    for name in (
        "ATELIER_AHEAD_COST.video",
        "ATELIER_SLOTS",
        "ATELIER_EVENTS_QUEUE_URL",
        "ATELIER_MEDIA_BUCKET",
    ):
        assert name in said


def test_settings_without_any_queue_of_tasks_are_refused() -> None:
    said = refused({"ATELIER_EVENTS_QUEUE_URL": "http://e", "ATELIER_MEDIA_BUCKET": "media"})
    assert "  ATELIER_STEPS_TEXT_QUEUE_URL, ATELIER_STEPS_IMAGE_QUEUE_URL: " in said


def test_preparing_twice_converts_nothing_again(tmp_path: Path) -> None:
    model = text_folder()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / model.name).symlink_to(model)
    before = model.stat().st_mtime_ns
    result = subprocess.run(
        [sys.executable, "-m", "gpu_worker", "prepare"],
        env={"ATELIER_HOME": str(tmp_path), "HOME": str(tmp_path)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "SmolLM2 135M Instruct: ready" in result.stdout
    assert "reading the weights" not in result.stdout
    assert model.stat().st_mtime_ns == before


def test_other_words_are_answered_with_the_usage() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "gpu_worker", "dance"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "usage" in result.stderr
