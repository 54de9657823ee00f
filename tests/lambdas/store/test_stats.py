"""Figures stay right while sweep moves what is old into running totals."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from lambdas.store import runs, stats
from tests.lambdas.flow.world import ONE_STEP, World


@pytest.fixture
def world(conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which everything is counted at once."""
    monkeypatch.setattr(stats, "_SETTLED", timedelta())
    return World(conn)


def _a_finished_run(world: World) -> UUID:
    run = world.run(world.account(), ONE_STEP)
    delivery = world.receive()
    world.apply(delivery.started())
    world.apply(delivery.succeeded())
    return run


def _figures(conn: psycopg.Connection) -> tuple[Any, ...]:
    totals = stats.totals(conn)
    return totals.images, totals.texts, totals.runs, stats.task_counts(conn)


def test_counting_changes_no_figure_however_often_it_happens(world: World, conn: psycopg.Connection) -> None:
    _a_finished_run(world)
    before = _figures(conn)
    for _ in range(3):
        stats.tally(conn)
        assert _figures(conn) == before
    _a_finished_run(world)
    after = _figures(conn)
    assert after[2] == before[2] + 1
    stats.tally(conn)
    assert _figures(conn) == after


def test_what_was_made_counts_when_it_is_gone(world: World, conn: psycopg.Connection) -> None:
    run = _a_finished_run(world)
    before = _figures(conn)
    stats.tally(conn)
    with conn.transaction():
        runs.remove(conn, [run])
    assert _figures(conn) == before


def test_the_latest_minutes_are_counted_later(conn: psycopg.Connection) -> None:
    _a_finished_run(World(conn))
    stats.tally(conn)
    assert conn.execute("SELECT coalesce(sum(number), 0) FROM tallies").fetchone() == (0,)


def test_the_first_id_of_a_moment_lies_between_those_drawn_before_and_after(conn: psycopg.Connection) -> None:
    (row,) = conn.execute("SELECT uuidv7(interval '-2 ms') < first_id(clock_timestamp()), first_id(now()) <= uuidv7()")
    assert row == (True, True)
