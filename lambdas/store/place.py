"""Counts what stands before a task in line, never further than a place is shown; what it means is `domain.place`'s."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from lambdas.domain import place as rules
from lambdas.domain.pace import Pace
from lambdas.domain.place import COUNTED, Fleet, Line, Place
from lambdas.store.dispatch import survey
from lambdas.store.queries import load

_SQL = load("place")


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: UUID
    queue: str
    account_id: UUID
    guest: bool
    ready_at: datetime
    sent_at: datetime | None
    served: str
    has_model: bool
    busy: int
    seconds: float | None
    loaded: bool


def find(conn: Connection[Any], *, task_id: UUID, pace: Pace) -> Place | None:
    """The place in line of a task; None when it does not wait in one (any more)."""
    with conn.cursor(row_factory=class_row(_Waiting)) as cursor:
        task = cursor.execute(_SQL["waiting"], {"id": task_id, "live": pace.live}).fetchone()
    if task is None:
        return None
    (queue,) = survey(conn, queues=[task.queue], pace=pace)
    fleet = Fleet(survey=queue, has_model=task.has_model, loaded=task.loaded, busy=task.busy, seconds=task.seconds)
    return rules.place(_line(conn, task), fleet, pace=pace)


def _line(conn: Connection[Any], task: _Waiting) -> Line:
    params: dict[str, Any] = {
        "queue": task.queue,
        "account_id": task.account_id,
        "id": task.id,
        "ready_at": task.ready_at,
        "sent_at": task.sent_at,
        "served": task.served,
        "counted": COUNTED,
    }
    sent = _owners(conn, _SQL["sent_before"], params)
    if task.sent_at is not None:
        return _of(task, own=0, sent=sent, members=[], guests=[], members_behind=0)
    own = _count(conn, _SQL["own_before"], params)
    return _of(
        task,
        own=own,
        sent=sent,
        members=_owners(conn, _SQL["backlog_before"], params | {"own": own, "guest": False}),
        guests=_owners(conn, _SQL["backlog_before"], params | {"own": own, "guest": True}),
        members_behind=_count(conn, _SQL["backlog"], params) if task.guest else 0,
    )


def _of(
    task: _Waiting, *, own: int, sent: list[UUID], members: list[UUID], guests: list[UUID], members_behind: int
) -> Line:
    return Line(
        guest=task.guest,
        sent=len(sent),
        own=own,
        members=len(members),
        guests=len(guests),
        members_behind=members_behind,
        people=len({*sent, *members, *guests} - {task.account_id}),
    )


def _owners(conn: Connection[Any], query: LiteralString, params: Mapping[str, Any]) -> list[UUID]:
    """Whose tasks stand before, an entry per task."""
    return [row[0] for row in conn.execute(query, params)]


def _count(conn: Connection[Any], query: LiteralString, params: Mapping[str, Any]) -> int:
    row = conn.execute(query, params).fetchone()
    return row[0] if row else 0
