"""Tasks under the lock of their runs: read and write them; what may become of one is for `domain.states`."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from contract.kinds import Kind
from lambdas.domain.prompts import Unfillable, fill
from lambdas.domain.states import Task
from lambdas.store.queries import load
from lambdas.store.records import records

_SQL = load("tasks")


@dataclass(frozen=True, slots=True)
class Held:
    """A task that nobody else changes before the transaction ends; `now` is the database's time."""

    now: datetime
    queue: str
    ready_at: datetime | None
    task: Task


@dataclass(frozen=True, slots=True)
class Ripe:
    """A waiting task whose earlier steps have all succeeded, and what there is to fill its templates with."""

    id: UUID
    run_id: UUID
    kind: str
    params: dict[str, Any]
    inputs: dict[str, str]
    input_keys: dict[str, str]
    made: dict[str, str]

    @property
    def values(self) -> dict[str, str]:
        """What each name stands for: a text, or the key of a picture."""
        return self.inputs | self.input_keys | self.made


@dataclass(frozen=True, slots=True)
class Unfit:
    """A task that can never become ready, and why."""

    id: UUID
    run_id: UUID
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A task that was closed unfinished; `out` says that a worker may hold it or still receive it."""

    id: UUID
    token: str
    out: bool


def lock(conn: Connection[Any], *, ids: Collection[UUID]) -> list[Held]:
    """Those of these tasks that exist; they and their runs are held until the transaction ends."""
    return _held(conn, _SQL["lock"], {"ids": list(ids)})


def lock_expired(conn: Connection[Any], *, clock: datetime, limit: int) -> list[Held]:
    """Tasks that are out and whose lease ran out before `clock`, held; what others hold is left for later."""
    return _held(conn, _SQL["lock_expired"], {"clock": clock, "limit": limit})


def _held(conn: Connection[Any], query: LiteralString, params: dict[str, Any]) -> list[Held]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return [
            Held(now=row.pop("now"), queue=row.pop("queue"), ready_at=row.pop("ready_at"), task=Task(**row))
            for row in cursor.execute(query, params)
        ]


def save(conn: Connection[Any], *, changed: Sequence[Task]) -> None:
    """Write tasks that the caller holds; those that are back in the backlog wait in line again."""
    if not changed:
        return
    conn.execute(_SQL["save"], {"changes": records(changed)})
    requeued = [task.id for task in changed if task.state == "queued" and task.sent_at is None]
    if requeued:
        conn.execute(_SQL["rejoin"], {"ids": requeued})


def unlock(conn: Connection[Any], *, run_ids: Collection[UUID]) -> list[Unfit]:
    """Make ready what waits for nothing any more; gives back those that cannot be, already failed."""
    with conn.cursor(row_factory=class_row(Ripe)) as cursor:
        ripe = cursor.execute(_SQL["ripe"], {"runs": list(run_ids)}).fetchall()
    fit: list[dict[str, Any]] = []
    unfit: list[Unfit] = []
    for task in ripe:
        try:
            fit.append({"id": task.id, "resolved": fill(Kind(task.kind), task.params, task.values)})
        except Unfillable as error:
            unfit.append(Unfit(id=task.id, run_id=task.run_id, code=error.code, detail=str(error)))
    if fit:
        conn.execute(_SQL["unlock"], {"changes": records(fit)})
    if unfit:
        conn.execute(_SQL["fail_waiting"], {"changes": records(unfit)})
    return unfit


def cancel(conn: Connection[Any], *, run_ids: Iterable[UUID]) -> list[Cancelled]:
    """Close every unfinished task of these runs, which the caller holds; those that a worker may hold."""
    with conn.cursor(row_factory=class_row(Cancelled)) as cursor:
        closed = cursor.execute(_SQL["cancel"], {"runs": list(run_ids)}).fetchall()
    return [task for task in closed if task.out]


def drop_carry(conn: Connection[Any], *, run_ids: Iterable[UUID]) -> None:
    """Forget the values that only later steps of these runs could need."""
    conn.execute(_SQL["drop_carry"], {"runs": list(run_ids)})
