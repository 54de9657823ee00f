"""A worker that is told to stop: what fits into the time is finished, the rest goes back at once."""

import math
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from gpu_worker.queue.in_flight import Delivery
from gpu_worker.worker import Worker
from tests.gpu_worker.site import Site, a_text_request
from tests.wait import until

LONG = a_text_request("Tell a long story.", max_tokens=500)


@pytest.mark.slow
def test_a_drain_finishes_what_fits_and_releases_the_rest_first(
    site: Site, start_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Sent before the worker loads its model: the first four then share its batch, and the fifth waits.
    short = site.send("text", a_text_request("Tell a long story.", max_tokens=160))
    long = [site.send("text", LONG | {"task": str(uuid4())}) for _ in range(4)]
    # What fits is told by the pace, which no test may rely on.
    fits = property(lambda delivery: 0.0 if delivery.receipt.task == short else math.inf)
    monkeypatch.setattr(Delivery, "done_at", fits)
    worker = start_worker(slots=4, ahead=1, visibility_seconds=2, visibility_renew_seconds=0.5, grace_seconds=300)
    site.wait_for(short, "progress")
    worker.stop()
    ends = {task: site.final(task) for task in (short, *long)}
    assert ends[short].event == "succeeded"
    assert {ends[task].event for task in long} == {"released"}
    assert max(ends[task].sent_at for task in long) < ends[short].sent_at
    assert site.is_clean("text"), "the database sends again what was released"


@pytest.mark.slow
def test_without_a_grace_every_task_is_released(site: Site, start_worker: Callable[..., Worker]) -> None:
    worker = start_worker(grace_seconds=0)
    task = site.send("text", LONG)
    site.wait_for(task, "progress")
    worker.stop()
    assert site.final(task).event == "released"
    assert site.is_clean("text")


@pytest.mark.slow
def test_eight_tasks_in_hand_at_a_stop_are_computed_once_each(site: Site, start_worker: Callable[..., Worker]) -> None:
    requests = [a_text_request("Tell a story.", max_tokens=40) for _ in range(8)]
    tasks = [site.send("text", request) for request in requests]
    first = start_worker(grace_seconds=0)
    site.wait_for(tasks[0], "progress")
    until(lambda: len(first._consumers[0].in_flight) == 8)
    first.stop()
    for request, task in zip(requests, tasks, strict=True):
        if site.final(task).event == "released":
            site.send("text", request)  # as dispatch does
    start_worker()
    for task in tasks:
        site.wait_for(task, "succeeded")
    until(lambda: site.is_clean("text"))
    assert [site.kinds(task).count("succeeded") for task in tasks] == [1] * 8


@pytest.mark.slow
def test_without_the_events_queue_a_stop_shows_the_messages_to_others(
    site: Site, start_worker: Callable[..., Worker]
) -> None:
    worker = start_worker(grace_seconds=0, events_queue_url=f"{site.events_url}-gone", visibility_seconds=600)
    for _ in range(2):
        site.send("text", a_text_request("Tell a long story.", max_tokens=500))
    until(lambda: len(worker._consumers[0].in_flight) == 2)
    worker.stop()
    assert site.waiting("text") == 2


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
