"""What follows for runs when their tasks have changed: they start, unlock the next steps, fail or succeed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from lambdas.domain.states import RunState
from lambdas.store import tasks
from lambdas.store.queries import load
from lambdas.store.tasks import Cancelled

_SQL = load("runs")


@dataclass(frozen=True, slots=True)
class _Moved:
    id: UUID
    state: RunState | None
    """The state that the run has just taken; None where nothing changed."""
    steps: int
    waits: bool


def settle(conn: Connection[Any], *, run_ids: Collection[UUID]) -> list[Cancelled]:
    """Bring runs that the caller holds in line with their tasks.

    Gives back the tasks that were cancelled while a worker may hold them: it is to leave them after the commit.
    """
    moved = _move(conn, run_ids)
    waiting = [run.id for run in moved if run.waits and run.state not in ("failed", "succeeded")]
    unfit = tasks.unlock(conn, run_ids=waiting) if waiting else []
    if unfit:
        moved += _move(conn, {task.run_id for task in unfit})
    return _close(conn, moved)


def _move(conn: Connection[Any], run_ids: Collection[UUID]) -> list[_Moved]:
    if not run_ids:
        return []
    with conn.cursor(row_factory=class_row(_Moved)) as cursor:
        return cursor.execute(_SQL["settle"], {"ids": list(run_ids)}).fetchall()


def _close(conn: Connection[Any], moved: Sequence[_Moved]) -> list[Cancelled]:
    chains = [run.id for run in moved if run.state == "succeeded" and run.steps > 1]
    if chains:
        tasks.drop_carry(conn, run_ids=chains)
    # Values of a failed or cancelled run stay: it can be resumed.
    failed = [run.id for run in moved if run.state == "failed"]
    return tasks.cancel(conn, run_ids=failed) if failed else []
