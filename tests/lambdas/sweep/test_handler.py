"""The sweep on a real database, real queues and a real bucket."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.messages import TASK_REQUESTED
from lambdas.store import runs
from lambdas.sweep import housekeeping
from lambdas.sweep.handler import Sweeper
from lambdas.sweep.settings import Settings
from tests.lambdas.flow.world import CHAIN, ONE_STEP, SIDE_BY_SIDE, Delivery, World
from tests.services.ministack import a_bucket, a_queue, aws


@pytest.fixture
def settings(database: str, ministack: str) -> Settings:
    return Settings(
        database_url=database,
        media_bucket=a_bucket(ministack),
        steps_text_queue_url=a_queue(ministack, "text"),
        steps_image_queue_url=a_queue(ministack, "image"),
        events_queue_url=a_queue(ministack, "events"),
        aws_endpoint_url=ministack,
    )


@pytest.fixture
def sweeper(settings: Settings) -> Iterator[Sweeper]:
    with closing(Sweeper(settings)) as sweeper:
        yield sweeper


@pytest.fixture
def bucket(settings: Settings, ministack: str) -> "Bucket":
    return Bucket(aws("s3", ministack), settings.media_bucket)


class Bucket:
    """The media bucket as workers and the API fill it."""

    def __init__(self, s3: Any, name: str) -> None:
        self._s3, self._name = s3, name

    def put(self, *keys: str) -> None:
        for key in keys:
            self._s3.put_object(Bucket=self._name, Key=key, Body=b"x")

    def keys(self) -> list[str]:
        return [item["Key"] for item in self._s3.list_objects_v2(Bucket=self._name).get("Contents", [])]


def received(endpoint: str, url: str) -> list[Any]:
    answer = aws("sqs", endpoint).receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    return [TASK_REQUESTED.validate_json(message["Body"]) for message in answer.get("Messages", [])]


def test_what_was_lost_is_sent_again(world: World, sweeper: Sweeper, settings: Settings, ministack: str) -> None:
    run = world.run(world.account(), ONE_STEP, lost=True)
    assert sweeper.sweep() == {"expired": 0, "sent": 0}
    world.pass_time(181)
    assert sweeper.sweep() == {"expired": 1, "sent": 1}
    (request,) = received(ministack, settings.steps_text_queue_url)
    assert (request.run, request.attempt) == (run, 1)


def test_a_backlog_that_nobody_dispatched_is_sent(world: World, sweeper: Sweeper) -> None:
    world.run(world.account(), ONE_STEP, send=False)
    assert sweeper.sweep()["sent"] == 1


def test_events_that_wait_to_be_heard_keep_tasks_alive(
    world: World, sweeper: Sweeper, settings: Settings, ministack: str
) -> None:
    run = world.run(world.account(), ONE_STEP)
    delivery = world.receive()
    world.apply(delivery.started())
    aws("sqs", ministack).send_message(
        QueueUrl=settings.events_queue_url, MessageBody=delivery.progress().model_dump_json()
    )
    world.pass_time(1_000)
    sweeper.sweep()
    assert world.task(run)["state"] == "running"


def test_everything_unfinished_is_sent_at_once_when_asked(world: World, sweeper: Sweeper) -> None:
    account = world.account()
    for _ in range(3):
        world.run(account, ONE_STEP)
    world.apply(world.receive().started())
    assert sweeper.sweep() == {"expired": 0, "sent": 0}
    assert sweeper.sweep(resend_all=True)["sent"] == 3


def test_the_third_lost_worker_fails_the_run_and_the_others_are_told(
    world: World, sweeper: Sweeper, bucket: Bucket
) -> None:
    run = world.run(world.account(), SIDE_BY_SIDE)
    scene, mood = world.receive(), world.receive()
    world.apply(scene.started(), mood.started())
    world.conn.execute("UPDATE tasks SET attempt = 3, lease_until = now() - interval '1 s' WHERE step = 'scene'")
    sweeper.sweep()
    assert world.state(run) == "failed"
    assert bucket.keys() == [f"control/cancel/{mood.request.task}.{mood.request.token}"]


def test_only_one_sweep_is_at_work(world: World, sweeper: Sweeper, settings: Settings) -> None:
    world.run(world.account(), ONE_STEP, send=False)
    world.conn.execute("SELECT pg_advisory_lock(hashtext('atelier.sweep'))")
    assert sweeper.sweep() == {"expired": 0, "sent": 0}
    world.conn.execute("SELECT pg_advisory_unlock(hashtext('atelier.sweep'))")
    assert sweeper.sweep()["sent"] == 1
    with closing(Sweeper(settings)) as later:
        assert later.sweep() == {"expired": 0, "sent": 0}


def test_the_media_of_deliveries_that_lost_goes_and_the_winners_stays(
    world: World, sweeper: Sweeper, bucket: Bucket
) -> None:
    world.run(world.account(), ONE_STEP)
    winner = world.receive()
    loser = Delivery(request=winner.request)
    world.apply(winner.started(), loser.started())
    world.apply(winner.succeeded())
    world.apply(winner.started())
    bucket.put(f"media/{winner.id}/0.txt", f"media/{loser.id}/0.txt")
    sweeper.sweep()
    assert len(bucket.keys()) == 2
    world.pass_time(601)
    sweeper.sweep()
    assert bucket.keys() == [f"media/{winner.id}/0.txt"]
    assert world.conn.execute("SELECT count(*) FROM deliveries").fetchone() == (0,)


def test_a_delivery_of_an_unfinished_task_keeps_its_media(world: World, sweeper: Sweeper, bucket: Bucket) -> None:
    world.run(world.account(), ONE_STEP)
    delivery = world.receive()
    world.apply(delivery.started())
    bucket.put(f"media/{delivery.id}/0.txt")
    for _ in range(10):
        world.pass_time(100)
        world.apply(delivery.progress())
        sweeper.sweep()
    assert bucket.keys() == [f"media/{delivery.id}/0.txt"]


def test_the_media_of_a_deleted_run_goes(world: World, sweeper: Sweeper, bucket: Bucket) -> None:
    account = world.account()
    run = world.run(account, CHAIN)
    text = world.receive()
    world.apply(text.succeeded())
    picture = world.receive()
    world.apply(picture.started())
    bucket.put(f"media/{text.id}/0.txt", f"media/{picture.id}/0.png")
    with world.conn.transaction():
        runs.delete(world.conn, run, account_id=account)
    sweeper.sweep()
    assert bucket.keys() == [f"media/{picture.id}/0.png"]
    world.pass_time(601)
    sweeper.sweep()
    assert bucket.keys() == []


def test_media_that_nobody_knows_of_goes_after_a_day(
    world: World, sweeper: Sweeper, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(world.account(), ONE_STEP)
    winner = world.receive()
    world.apply(winner.succeeded())
    running = Delivery(request=winner.request)
    world.apply(running.started())
    stray = "f" * 32
    linked = f"media/{winner.id}/0.txt"
    bucket.put(linked, f"media/{stray}/0.txt", f"media/{running.id}/0.txt")
    monkeypatch.setattr(housekeeping.secrets, "token_hex", lambda _: "0")
    sweeper.sweep()
    assert len(bucket.keys()) == 3
    monkeypatch.setattr(housekeeping, "_STRAYS_KEPT", timedelta(seconds=-5))
    sweeper.sweep()
    assert bucket.keys() == sorted([linked, f"media/{running.id}/0.txt"])


def test_old_cancel_markers_go(sweeper: Sweeper, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put("control/cancel/a", "uploads/kept")
    sweeper.sweep()
    assert bucket.keys() == ["control/cancel/a", "uploads/kept"]
    monkeypatch.setattr(housekeeping, "_MARKERS_KEPT", timedelta(seconds=-5))
    sweeper.sweep()
    assert bucket.keys() == ["uploads/kept"]


def test_rows_that_have_expired_go(world: World, sweeper: Sweeper, bucket: Bucket) -> None:
    account = world.account()
    past = datetime.now(tz=UTC) - timedelta(seconds=1)
    upload = world.conn.execute(
        "INSERT INTO uploads (account_id, format, width, height, bytes, expires_at)"
        " VALUES (%s, 'png', 1, 1, 1, %s) RETURNING id",
        (account, past),
    ).fetchone()
    assert upload
    world.conn.execute(
        "INSERT INTO sessions (account_id, token_hash, expires_at) VALUES (%s, 'old', %s), (%s, 'new', now() + interval '1 h')",
        (account, past, account),
    )
    world.alive()
    run = world.run(account, ONE_STEP)
    world.conn.execute(
        "INSERT INTO idempotency_keys (account_id, key, body_hash, run_id) VALUES (%s, 'k', '', %s)", (account, run)
    )
    bucket.put(f"uploads/{upload[0]}")
    world.pass_time(24 * 3600 + 1)
    sweeper.sweep()
    for table, left in (("uploads", 0), ("sessions", 1), ("idempotency_keys", 0), ("workers", 0)):
        assert world.conn.execute(f"SELECT count(*) FROM {table}").fetchone() == (left,)
    assert bucket.keys() == []


def test_a_bucket_that_does_not_answer_is_tried_again(world: World, settings: Settings) -> None:
    world.conn.execute("INSERT INTO doomed_media (prefix) VALUES ('media/x/')")
    world.run(world.account(), ONE_STEP, send=False)
    with closing(Sweeper(settings.model_copy(update={"media_bucket": "no-such-bucket"}))) as deaf:
        assert deaf.sweep()["sent"] == 1
    assert world.conn.execute("SELECT count(*) FROM doomed_media").fetchone() == (1,)
