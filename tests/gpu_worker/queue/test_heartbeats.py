"""What a worker on real queues does by the clock: progress, signs of life, visibility."""

from collections.abc import Callable, Sequence

import pytest

from contract.limits import PROTOCOL
from gpu_worker.queue import heartbeats
from gpu_worker.queue.heartbeats import Consumer
from gpu_worker.queue.in_flight import InFlight, Receipt
from gpu_worker.worker import Worker
from tests.gpu_worker.models import TEXT_MODEL, TINY
from tests.gpu_worker.site import Site, a_delivery, a_text_request
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


class Listener:
    """Hears who waits, in place of SQS."""

    def __init__(self) -> None:
        self.heard: list[Receipt] = []

    def received(self, receipts: Sequence[Receipt]) -> None:
        self.heard += receipts


def test_only_what_has_not_begun_is_reported_as_received_and_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, events, in_flight = [100.0], Listener(), InFlight()
    monkeypatch.setattr("gpu_worker.queue.heartbeats.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("gpu_worker.queue.in_flight.time.monotonic", lambda: clock[0])
    consumers = [Consumer("image", None, in_flight)]  # type: ignore[arg-type]
    waiting, begun, closed = a_delivery(), a_delivery(), a_delivery()
    for delivery in (waiting, begun, closed):
        delivery.received_at = 100.0
        in_flight.add(delivery)
    begun.begin()
    closed.close()
    heard: list[int] = []
    for clock[0] in (101.0, 102.0, 161.0, 162.0):
        heartbeats.report_waiting(consumers, events=events, after=2, every=60)  # type: ignore[arg-type]
        heard.append(len(events.heard))
    assert heard == [0, 1, 1, 2]
    assert set(events.heard) == {waiting.receipt}


def test_a_task_that_waits_behind_a_long_one_is_received_until_it_starts(
    site: Site, start_worker: Callable[..., Worker]
) -> None:
    start_worker(received_after_seconds=0, received_every_seconds=0.2)
    long = site.send("text", a_text_request("Tell a long story.", max_tokens=500))
    site.wait_for(long, "progress")
    short = site.send("text", a_text_request(max_tokens=2))
    site.wait_for(short, "received", times=2)
    assert set(site.kinds(short)) == {"received"}
    assert long
    site.cancel(long)
    done = site.wait_for(short, "succeeded")
    assert site.kinds(short)[-2:] == ["started", "succeeded"]
    assert done.computed_seconds < done.seconds
    assert {event.delivery for event in site.events(short)} == {done.delivery}


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
