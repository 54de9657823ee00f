"""Receipts of task messages that workers have reported, and the media of those that came to nothing."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from contract.keys import delivery_prefix
from contract.messages import TaskEvent
from lambdas.store.queries import load
from lambdas.store.records import records

_SQL = load("deliveries")

GRACE = timedelta(minutes=10)
"""How long a worker may go on writing under a delivery that nobody wants any more."""


def hear(conn: Connection[Any], *, events: Iterable[TaskEvent]) -> set[str]:
    """Note the deliveries of these events of known tasks; those never heard of before."""
    heard = {
        event.delivery: {
            "id": event.delivery,
            "task_id": event.task,
            "attempt": event.attempt,
            "worker": event.worker,
        }
        for event in events
    }
    if not heard:
        return set()
    return {row[0] for row in conn.execute(_SQL["hear"], {"heard": records(heard.values())})}


def doom(conn: Connection[Any], *, ids: Iterable[str]) -> None:
    """Have the media of deliveries deleted, once nobody can be writing to it any more."""
    prefixes = [delivery_prefix(delivery) for delivery in ids]
    conn.execute(_SQL["doom"], {"prefixes": prefixes, "grace": GRACE})


def spare(conn: Connection[Any], *, ids: Iterable[str]) -> None:
    """Take back that the media of these deliveries is to be deleted."""
    gone(conn, prefixes=[delivery_prefix(delivery) for delivery in ids])


def due(conn: Connection[Any], *, limit: int) -> list[str]:
    """Prefixes of the bucket that are to be deleted now."""
    return [row[0] for row in conn.execute(_SQL["due"], {"limit": limit})]


def gone(conn: Connection[Any], *, prefixes: Collection[str]) -> None:
    """Say that nothing stands under these prefixes any more."""
    conn.execute(_SQL["gone"], {"prefixes": list(prefixes)})


def lost(conn: Connection[Any], *, before: datetime, limit: int) -> list[str]:
    """Deliveries heard of before this time that made nothing of a final task."""
    return [row[0] for row in conn.execute(_SQL["lost"], {"before": before, "limit": limit})]


def forget(conn: Connection[Any], *, ids: Collection[str]) -> None:
    """Drop deliveries whose media is gone."""
    conn.execute(_SQL["forget"], {"ids": list(ids)})


def forget_winners(conn: Connection[Any], *, before: datetime) -> None:
    """Drop deliveries that won and were then heard of again, at the latest before this time."""
    conn.execute(_SQL["forget_winners"], {"before": before})
