"""Forgets runs that nobody has published, where an operator keeps them for a time only."""

import random
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from lambdas.store import runs
from lambdas.store.queries import load

_SQL = load("unpublished")

_STRETCH = 5_000
"""Runs to look at; ids grow with time, so they are a stretch of it."""


def forget(conn: Connection[Any], *, before: datetime, limit: int) -> int:
    """Delete some runs that ended before this time, and discard their media; how many.

    It looks at one random stretch of the past: what is published stays, and from the oldest run on there would in
    time be nothing else to see.
    """
    with conn.transaction():
        oldest = conn.execute(_SQL["oldest"]).fetchone()
        if oldest is None:
            return 0
        start = _somewhere(oldest[0], before)
        params = {"start": start, "before": before, "stretch": _STRETCH, "limit": limit}
        over = [row[0] for row in conn.execute(_SQL["over"], params)]
        if over:
            runs.remove(conn, over)
        return len(over)


def _somewhere(oldest: UUID, before: datetime) -> UUID:
    """An id of version 7 between the oldest run and this time; the oldest itself as often as not, for small numbers."""
    first, last = oldest.int >> 80, int(before.timestamp() * 1000)
    if last <= first or random.random() < 0.5:
        return oldest
    return UUID(int=random.randint(first, last) << 80)
