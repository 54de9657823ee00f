"""Counts what stands before a task in line, as far as that is shown; what it means is `domain.queue_position`'s."""

from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from lambdas.domain import queue_position as rules
from lambdas.domain.dispatch import Survey
from lambdas.domain.pace import Pace
from lambdas.domain.queue_position import COUNTED, Fleet, Line, QueuePosition
from lambdas.store.queries import load

_SQL = load("queue_position")


def find(conn: Connection[Any], *, task_id: UUID, pace: Pace) -> QueuePosition | None:
    """The place in line of a task; None when it does not wait in one (any more)."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_SQL["find"], {"id": task_id, "live": pace.live, "counted": COUNTED}).fetchone()
    if row is None:
        return None
    line = Line(**{name: row[name] for name in Line.__slots__})
    survey = Survey(queue=row["queue"], slots=row["slots"], total=row["total"], guests=row["guests_out"])
    fleet = Fleet(
        survey=survey, has_model=row["has_model"], loaded=row["loaded"], busy=row["busy"], seconds=row["seconds"]
    )
    return rules.position_of(line, fleet, pace=pace)
