"""What a worker on real queues does by the clock: progress, signs of life, visibility."""

from collections.abc import Callable

from contract.limits import PROTOCOL
from gpu_worker.worker import Worker
from tests.gpu_worker.models import TEXT_MODEL, TINY
from tests.gpu_worker.site import Site, a_text_request
from tests.wait import until


def test_progress_and_its_seq_grow(site: Site, start_worker: Callable[..., Worker]) -> None:
    start_worker()
    task = site.send("text", a_text_request("Tell a story.", max_tokens=40))
    site.final(task)
    progress = [event for event in site.events(task) if event.event == "progress"]
    assert [event.seq for event in progress] == list(range(1, len(progress) + 1))
    assert [event.fraction for event in progress] == sorted(event.fraction for event in progress)
    assert progress[-1].fraction > 0


def test_progress_is_repeated_as_a_heartbeat_when_nothing_moves(
    site: Site, start_worker: Callable[..., Worker]
) -> None:
    start_worker(progress_min_seconds=600, heartbeat_seconds=0.2)
    task = site.send("text", a_text_request("Tell a story.", max_tokens=60))
    site.wait_for(task, "progress", times=3)


def test_alive_is_sent_for_each_queue(site: Site, start_worker: Callable[..., Worker]) -> None:
    start_worker(alive_seconds=0.2)
    until(lambda: len(site.alive()) >= 4)
    by_queue = {event.queue: event for event in site.alive()}
    assert by_queue["text"].models == [TEXT_MODEL.id]
    assert by_queue["image"].models == [TINY.id]
    assert by_queue["text"].slots == 4
    assert by_queue["text"].protocol == PROTOCOL
    assert by_queue["text"].ram_bytes > 10_000_000


def test_messages_in_flight_stay_invisible_while_they_are_computed(
    site: Site, start_worker: Callable[..., Worker]
) -> None:
    start_worker(visibility_seconds=2, visibility_renew_seconds=0.5)
    task = site.send("text", a_text_request("Tell a long story.", max_tokens=500))
    started = site.wait_for(task, "started")

    def seconds() -> float:
        """How long it has been computed, as its last sign says."""
        return float((site.wait_for(task, "progress").sent_at - started.sent_at).total_seconds())

    until(lambda: seconds() > 4)  # twice its visibility
    assert site.kinds(task) == ["started"]
    assert (site.waiting("text"), site.in_flight("text")) == (0, 1)
    assert task
    site.cancel(task)
    assert site.final(task).code == "cancelled"
    assert site.kinds(task) == ["started", "failed"]
