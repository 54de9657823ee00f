"""What the event source mapping and the clock do on AWS, done by the loop."""

import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest

from infra.local import loop
from infra.local.loop import Context, Loop
from infra.local.settings import LoopSettings
from tests.infra.local.services import RunningHome
from tests.wait import until


@pytest.fixture
def events(running_home: RunningHome) -> str:
    """The URL of a queue of the test's own."""
    return running_home.client("sqs").create_queue(QueueName=f"events-{uuid4().hex}")["QueueUrl"]


@pytest.fixture
def make_loop(running_home: RunningHome, events: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Builds loops around two functions, and ends them with the test."""
    from infra.local.storage import credentials

    monkeypatch.setattr(loop, "_POLL_SECONDS", 1)
    # Earlier tests may have left boto3 a session with credentials that are not this home's.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    made: list[Loop] = []

    for name, value in credentials(running_home.home).items():
        monkeypatch.setenv(name, value)

    def make(*, advance: loop.Handler = lambda e, c: None, sweep: loop.Handler = lambda e, c: None) -> Loop:
        endpoint = f"http://127.0.0.1:{running_home.parts.storage_port}"
        settings = LoopSettings(aws_endpoint_url=endpoint, events_queue_url=events, sweep_seconds=0.2)
        made.append(Loop(settings, advance=advance, sweep=sweep))
        return made[-1]

    yield make
    for one in made:
        one.stop()
    for thread in _THREADS:
        thread.join(timeout=10)
    _THREADS.clear()


def _in_flight(running: RunningHome, url: str) -> tuple[int, int]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = running.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return int(answer[names[0]]), int(answer[names[1]])


_THREADS: list[threading.Thread] = []


def _run(work: Any) -> None:
    _THREADS.append(threading.Thread(target=work, daemon=True))
    _THREADS[-1].start()


def test_events_come_in_lambdas_shape_and_only_failed_ones_stay(running_home, events, make_loop) -> None:
    seen: list[dict[str, Any]] = []

    def advance(event: dict[str, Any], context: Context) -> dict[str, Any]:
        seen.extend(event["Records"])
        failed = [r["messageId"] for r in event["Records"] if r["body"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}

    sqs = running_home.client("sqs")
    for body in ("good", "bad", "fine"):
        sqs.send_message(QueueUrl=events, MessageBody=body)
    _run(make_loop(advance=advance).receive_for_ever)
    until(lambda: len(seen) == 3)
    until(lambda: _in_flight(running_home, events) == (0, 1))
    assert {record["eventSource"] for record in seen} == {"aws:sqs"}
    assert all(record["attributes"]["ApproximateReceiveCount"] == "1" for record in seen)


def test_a_batch_waits_while_the_database_is_away(running_home, events, make_loop, monkeypatch) -> None:
    monkeypatch.setattr(loop, "_RETRY_SECONDS", (0.01,) * 8)
    calls: list[int] = []

    def advance(event: dict[str, Any], context: Context) -> None:
        calls.append(len(event["Records"]))
        if len(calls) < 4:
            raise ConnectionError("the database is starting")

    running_home.client("sqs").send_message(QueueUrl=events, MessageBody="x")
    _run(make_loop(advance=advance).receive_for_ever)
    until(lambda: calls == [1, 1, 1, 1])
    until(lambda: _in_flight(running_home, events) == (0, 0))


def test_an_outage_of_the_queues_ends_with_everything_sent_again(running_home, make_loop, monkeypatch) -> None:
    asked: list[dict[str, Any]] = []
    made = make_loop(sweep=lambda event, context: asked.append(event))
    receive, broken = made._receive, threading.Event()
    broken.set()

    def flaky() -> list[dict[str, Any]]:
        if broken.is_set():
            broken.clear()
            raise ConnectionError("MiniStack was killed")
        return receive()

    monkeypatch.setattr(made, "_receive", flaky)
    _run(made.receive_for_ever)
    _run(made.sweep_for_ever)
    until(lambda: {"resend": "all"} in asked)


def test_the_clock_sweeps_without_sending_again_and_a_failed_resend_is_tried_again(make_loop) -> None:
    asked: list[bool] = []

    def sweep(event: dict[str, Any], context: Context) -> None:
        asked.append(event.get("resend") == "all")
        if asked == [True]:
            raise ConnectionError("the database is starting")

    made = make_loop(sweep=sweep)
    made.sweep_soon(resend=True)
    _run(made.sweep_for_ever)
    until(lambda: len(asked) >= 4)
    assert asked[:4] == [True, True, False, False]
