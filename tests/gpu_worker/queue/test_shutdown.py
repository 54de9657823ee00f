"""A worker that is told to stop: what fits into the time is finished, the rest goes back at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gpu_worker.worker import Worker
from tests.gpu_worker.site import Site, a_text_request
from tests.wait import until

SHORT = a_text_request("Tell a long story.", max_tokens=80)
LONG = a_text_request("Tell a long story.", max_tokens=500)
"""Written beside the other, this takes six times as long."""


@pytest.mark.slow
def test_a_drain_finishes_what_fits_and_releases_the_rest_first(
    site: Site, start_worker: Callable[..., Worker]
) -> None:
    # Sent before the worker loads its model: the first four then share its batch, and the fifth waits.
    short, *long = [site.send("text", SHORT), *(site.send("text", {**LONG, "task": str(uuid4())}) for _ in range(4))]
    worker = start_worker(slots=4, ahead=1, visibility_seconds=2, visibility_renew_seconds=0.5)
    first, last = until(lambda: _two_moments(site, short), seconds=60)
    seconds_left = (
        (1 - last.fraction) * (last.sent_at - first.sent_at).total_seconds() / (last.fraction - first.fraction)
    )
    worker._settings = worker._settings.model_copy(update={"grace_seconds": 2 * seconds_left})
    worker.stop()
    events = [event for task in (short, *long) for event in site.events(task)]
    ends = [event for event in events if event.event in {"released", "succeeded"}]
    final = [(event.task, event.event) for event in sorted(ends, key=lambda event: event.sent_at)]
    assert set(final[:4]) == {(task, "released") for task in long}
    assert final[4:] == [(short, "succeeded")]
    assert site.waiting("text") == 4
    assert site.in_flight("text") == 0


def _two_moments(site: Site, task: Any) -> tuple[Any, Any] | None:
    """Events of progress from which one can tell how fast a task goes."""
    progress = [event for event in site.events(task) if event.event == "progress" and event.fraction > 0.05]
    return (progress[0], progress[-1]) if progress and progress[-1].fraction > 0.15 else None


@pytest.mark.slow
def test_without_a_grace_every_task_is_released(site: Site, start_worker: Callable[..., Worker]) -> None:
    worker = start_worker(grace_seconds=0)
    task = site.send("text", LONG)
    site.wait_for(task, "progress")
    worker.stop()
    assert site.final(task).event == "released"
    assert site.waiting("text") == 1


@pytest.mark.slow
def test_the_busy_file_exists_while_a_message_is_in_flight(
    site: Site, start_worker: Callable[..., Worker], tmp_path: Path
) -> None:
    file = tmp_path / "busy"
    file.touch()  # as a killed one leaves it
    start_worker(busy_file=file)
    until(lambda: not file.exists())
    task = site.send("text", LONG)
    until(file.exists)
    assert task
    site.cancel(task)
    until(lambda: not file.exists())
