"""The handler with real SQS events, a real database, real queues and a real bucket."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from pydantic import BaseModel

from contract.keys import new_delivery, preview_key
from contract.messages import TASK_REQUESTED
from lambdas.actions.events import SentEvent, apply
from lambdas.advance.handler import Advancer
from lambdas.advance.settings import Settings
from lambdas.store import runs
from tests.contract.contracts import recorded
from tests.lambdas.flow.world import CHAIN, ONE_STEP, SIDE_BY_SIDE, World
from tests.services.ministack import a_bucket, a_queue, aws


@pytest.fixture
def settings(database: str, ministack: str) -> Settings:
    return Settings(
        database_url=database,
        media_bucket=a_bucket(ministack),
        steps_text_queue_url=a_queue(ministack, "text"),
        steps_image_queue_url=a_queue(ministack, "image"),
        aws_endpoint_url=ministack,
    )


@pytest.fixture
def advancer(settings: Settings) -> Iterator[Advancer]:
    with closing(Advancer(settings)) as advancer:
        yield advancer


def sqs_event(*bodies: BaseModel | str, sent_at: datetime | None = None) -> dict[str, Any]:
    """What Lambda hands over; messages are called m0, m1, …"""
    milliseconds = str(int((sent_at or datetime.now(tz=UTC)).timestamp() * 1000))
    return {
        "Records": [
            {
                "messageId": f"m{n}",
                "receiptHandle": "r",
                "body": body if isinstance(body, str) else body.model_dump_json(),
                "attributes": {"SentTimestamp": milliseconds, "ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:events",
                "awsRegion": "us-east-1",
            }
            for n, body in enumerate(bodies)
        ]
    }


def failures(answer: dict[str, Any]) -> list[str]:
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def received(endpoint: str, url: str) -> list[Any]:
    answer = aws("sqs", endpoint).receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    return [TASK_REQUESTED.validate_json(message["Body"]) for message in answer.get("Messages", [])]


def test_a_success_sends_the_next_step(world: World, advancer: Advancer, settings: Settings, ministack: str) -> None:
    run = world.run(world.account(), CHAIN)
    text = world.receive()
    assert failures(advancer.handle(sqs_event(text.started(), text.succeeded("An owl.")), None)) == []
    (request,) = received(ministack, settings.steps_image_queue_url)
    assert (request.run, request.params.prompt) == (run, "An owl.")


def test_a_malformed_event_alone_comes_again(world: World, advancer: Advancer) -> None:
    run = world.run(world.account(), ONE_STEP)
    text = world.receive()
    answer = advancer.handle(sqs_event("{", text.started(), '{"event": "alive"}'), None)
    assert failures(answer) == ["m0", "m2"]
    assert world.state(run) == "running"


def test_an_event_of_a_newer_worker_is_heard(world: World, advancer: Advancer) -> None:
    run = world.run(world.account(), ONE_STEP)
    newer = json.loads(world.receive().succeeded().model_dump_json()) | {"joules": 900}
    assert not failures(advancer.handle(sqs_event(json.dumps(newer)), None))
    assert world.state(run) == "succeeded"


def test_an_event_of_an_unknown_kind_is_acknowledged_and_counted_once(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    run = world.run(world.account(), ONE_STEP)
    text = world.receive()
    with closing(Advancer(settings.model_copy(update={"metrics_namespace": "Atelier/test"}))) as advancer:
        event = sqs_event('{"event": "party"}', text.started(), "{", '{"event": "of a later kind", "v": 2}')
        assert failures(advancer.handle(event, None)) == ["m2"]
    assert world.state(run) == "running"
    counts = [json.loads(line).get("UnknownEvents") for line in capsys.readouterr().out.splitlines()]
    assert [count for count in counts if count] == [2]


def test_an_event_of_an_unknown_kind_is_counted_once_beside_one_that_breaks(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    world.run(world.account(), ONE_STEP)
    forged = world.receive().succeeded().model_copy(update={"delivery": new_delivery()})
    with closing(Advancer(settings.model_copy(update={"metrics_namespace": "Atelier/test"}))) as advancer:
        assert failures(advancer.handle(sqs_event(forged, '{"event": "party"}'), None)) == ["m0"]
    counts = [json.loads(line).get("UnknownEvents") for line in capsys.readouterr().out.splitlines()]
    assert [count for count in counts if count] == [1]


@pytest.mark.parametrize("version", ["0.1.0", "later"])
def test_events_of_recorded_workers_take_a_run_to_its_end(version: str, world: World, advancer: Advancer) -> None:
    run = world.run(world.account(), ONE_STEP)
    request = world.receive().request
    events = recorded(version).events
    said = {"task": str(request.task), "token": request.token, "sent_at": datetime.now(tz=UTC).isoformat()}
    events["succeeded"]["outputs"] = events["succeeded"]["outputs"][:1]
    before = [kind for kind in events if kind not in ("succeeded", "failed", "released")]
    for kind in (*before, "succeeded"):
        assert not failures(advancer.handle(sqs_event(json.dumps(events[kind] | said)), None)), kind
    assert world.state(run) == "succeeded"
    assert world.conn.execute("SELECT id, slots FROM workers").fetchall() == [("gpu-1", 4)]


@pytest.mark.parametrize("version", ["0.1.0", "later"])
def test_a_recorded_worker_fails_a_run_or_gives_its_task_back(version: str, world: World, advancer: Advancer) -> None:
    events = recorded(version).events
    for kind, state in (("failed", "failed"), ("released", "queued")):
        run = world.run(world.account(), ONE_STEP)
        request = world.receive().request
        said = {"task": str(request.task), "token": request.token, "delivery": new_delivery()}
        bodies = [json.dumps(events[each] | said) for each in ("started", kind)]
        assert not failures(advancer.handle(sqs_event(*bodies), None))
        assert world.state(run) == state


def test_an_event_that_cannot_be_true_holds_up_no_other(world: World, advancer: Advancer) -> None:
    account = world.account()
    good, bad = world.run(account, ONE_STEP), world.run(account, ONE_STEP)
    first, second = world.receive(), world.receive()
    forged = second.succeeded().model_copy(update={"delivery": first.id})
    answer = advancer.handle(sqs_event(first.started(), forged, first.succeeded()), None)
    assert failures(answer) == ["m1"]
    assert (world.state(good), world.state(bad)) == ("succeeded", "queued")


def test_a_preview_that_is_not_the_deliverys_own_holds_up_no_other(world: World, advancer: Advancer) -> None:
    run = world.run(world.account(), ONE_STEP)
    text = world.receive()
    elsewhere = text.progress(0.5, preview=preview_key(new_delivery(), number=1))
    nowhere = json.loads(text.progress(0.6).model_dump_json()) | {"preview": "https://example.org/a.webp"}
    own = text.progress(0.7, preview=(key := text.preview()))
    answer = advancer.handle(sqs_event(text.started(), elsewhere, json.dumps(nowhere), own), None)
    assert failures(answer) == ["m1", "m2"]
    assert world.task(run)["preview"] == key


def test_a_text_that_postgresql_cannot_hold_is_no_poison(world: World, advancer: Advancer) -> None:
    run = world.run(world.account(), CHAIN)
    answer = advancer.handle(sqs_event(world.receive().succeeded("A\x00B")), None)
    assert failures(answer) == []
    assert world.task(run)["state"] == "succeeded"
    assert world.task(run, 1)["prompt"] == "A\ufffdB"


def test_a_batch_that_comes_again_changes_nothing(world: World, advancer: Advancer) -> None:
    run = world.run(world.account(), ONE_STEP)
    text = world.receive()
    event = sqs_event(text.started(), text.succeeded())
    advancer.handle(event, None)
    before = world.tasks(run)
    assert failures(advancer.handle(event, None)) == []
    assert world.tasks(run) == before


def test_workers_of_a_failed_run_are_told(world: World, advancer: Advancer, settings: Settings, ministack: str) -> None:
    world.run(world.account(), SIDE_BY_SIDE)
    scene, mood = world.receive(), world.receive()
    advancer.handle(sqs_event(mood.started(), scene.failed(retryable=False)), None)
    listed = aws("s3", ministack).list_objects_v2(Bucket=settings.media_bucket)["Contents"]
    assert [item["Key"] for item in listed] == [f"control/cancel/{mood.request.task}.{mood.request.token}"]


def test_the_clock_is_the_queues_and_not_the_workers(world: World, advancer: Advancer) -> None:
    sent_at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    sign = world.heartbeat().model_copy(update={"sent_at": sent_at + timedelta(days=400)})
    advancer.handle(sqs_event(sign, sent_at=sent_at), None)
    assert world.conn.execute("SELECT newest FROM event_clock").fetchone() == (sent_at,)
    assert world.conn.execute("SELECT seen_at FROM workers").fetchone() == (sent_at,)


def test_an_older_sign_of_life_changes_nothing(world: World, advancer: Advancer) -> None:
    now = datetime.now(tz=UTC)
    advancer.handle(sqs_event(world.heartbeat(slots=4), sent_at=now), None)
    advancer.handle(sqs_event(world.heartbeat(slots=2), sent_at=now - timedelta(seconds=20)), None)
    assert world.conn.execute("SELECT slots FROM workers").fetchone() == (4,)


def test_queues_that_do_not_answer_leave_the_events_heard(world: World, settings: Settings) -> None:
    account = world.account()
    run = world.run(account, CHAIN)
    text = world.receive()
    with closing(Advancer(settings.model_copy(update={"aws_endpoint_url": "http://127.0.0.1:1"}))) as deaf:
        assert failures(deaf.handle(sqs_event(text.succeeded("An owl.")), None)) == []
    assert world.task(run)["state"] == "succeeded"
    assert runs.find(world.conn, run, account_id=account).queued is not None


def test_a_database_that_is_away_leaves_the_whole_batch_in_the_queue(world: World, settings: Settings) -> None:
    world.run(world.account(), ONE_STEP)
    lost = Advancer(settings.model_copy(update={"database_url": "postgresql://127.0.0.1:1/none"}))
    with pytest.raises(psycopg.OperationalError):
        lost.handle(sqs_event(world.receive().started()), None)


def test_a_connection_that_broke_is_opened_anew(world: World, advancer: Advancer) -> None:
    run = world.run(world.account(), ONE_STEP)
    text = world.receive()
    advancer.handle(sqs_event(text.started()), None)
    world.conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    with pytest.raises(psycopg.OperationalError):
        advancer.handle(sqs_event(text.succeeded()), None)
    assert failures(advancer.handle(sqs_event(text.succeeded()), None)) == []
    assert world.state(run) == "succeeded"


def test_what_was_made_and_what_failed_is_counted_once(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    account = world.account()
    world.run(account, ONE_STEP)
    world.run(account, ONE_STEP)
    first, second = world.receive(), world.receive()
    event = sqs_event(first.started(), first.succeeded(), second.started(), second.failed(retryable=False))
    with closing(Advancer(settings.model_copy(update={"metrics_namespace": "Atelier/test"}))) as advancer:
        for _ in range(2):
            assert failures(advancer.handle(event, None)) == []
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    counts = [{name: v for name, v in line.items() if name not in {"_aws", "Function"}} for line in lines]
    assert counts[:2] == [{"ColdStarts": 1}, {"Texts": 1, "TasksSucceeded": 1, "TasksFailed": 1}]
    assert [(set(line), line["Queue"]) for line in counts[2:]] == [({"Queue", "WaitSeconds"}, "text")] * 2


def test_a_task_has_waited_from_when_it_was_ready_to_its_first_start(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    world.pass_time(40)
    text = world.receive()
    (wait,) = apply(world.conn, [SentEvent(text.started(), datetime.now(tz=UTC))], pace=world.pace).waits
    assert wait.queue == "text"
    assert 40 <= wait.seconds < 60
    again = [text.progress(0.1), text.failed()]
    assert apply(world.conn, [SentEvent(event, event.sent_at) for event in again], pace=world.pace).waits == []
    assert world.task(run)["attempt"] == 2
