"""Runs that nobody published go after a time, where an operator says so."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from lambdas.store import results, unpublished
from tests.lambdas.flow.world import ONE_STEP, World

LATER = timedelta(days=30)


@pytest.fixture
def forget(conn: psycopg.Connection) -> Callable[[], int]:
    """Forget as if a month had passed, often enough to have looked everywhere."""

    def forget_all() -> int:
        before = datetime.now(tz=UTC) + LATER
        return sum(unpublished.forget(conn, before=before, limit=10) for _ in range(20))

    return forget_all


def test_a_run_that_nobody_published_goes_with_its_media(world: World, forget: Callable[[], int]) -> None:
    world.run(world.account(), ONE_STEP)
    delivery = world.receive()
    world.apply(delivery.succeeded())
    assert forget() == 1
    assert world.conn.execute("SELECT count(*) FROM runs").fetchone() == (0,)
    doomed = world.conn.execute("SELECT prefix FROM doomed_media").fetchall()
    assert (f"media/{delivery.id}/",) in doomed


def test_published_and_unfinished_runs_stay(world: World, forget: Callable[[], int]) -> None:
    account = world.account()
    published = world.run(account, ONE_STEP)
    world.apply(world.receive().succeeded())
    with world.conn.transaction():
        results.publish(world.conn, run_id=published, account_id=account, title=None, cover=None)
    world.run(account, ONE_STEP)
    assert forget() == 0
    assert world.conn.execute("SELECT count(*) FROM runs").fetchone() == (2,)


def test_runs_younger_than_that_stay(world: World, conn: psycopg.Connection) -> None:
    world.run(world.account(), ONE_STEP)
    world.apply(world.receive().succeeded())
    before = datetime.now(tz=UTC) - LATER
    assert [unpublished.forget(conn, before=before, limit=10) for _ in range(5)] == [0] * 5


def test_there_may_be_no_runs(conn: psycopg.Connection) -> None:
    assert unpublished.forget(conn, before=datetime.now(tz=UTC), limit=10) == 0
