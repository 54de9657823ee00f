"""Counts what stands before a task in line, never further than a place is shown; what it means is `domain.place`'s."""

from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from lambdas.domain import place as rules
from lambdas.domain.dispatch import Survey
from lambdas.domain.pace import Pace
from lambdas.domain.place import COUNTED, Fleet, Line, Place
from lambdas.store.queries import load

_SQL = load("place")


def find(conn: Connection[Any], *, task_id: UUID, pace: Pace) -> Place | None:
    """The place in line of a task; None when it does not wait in one (any more)."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_SQL["look"], {"id": task_id, "live": pace.live, "counted": COUNTED}).fetchone()
    if row is None:
        return None
    line = Line(**{name: row[name] for name in Line.__slots__})
    survey = Survey(queue=row["queue"], slots=row["slots"], total=row["total"], guests=row["guests_out"])
    fleet = Fleet(
        survey=survey, has_model=row["has_model"], loaded=row["loaded"], busy=row["busy"], seconds=row["seconds"]
    )
    return rules.place(line, fleet, pace=pace)
