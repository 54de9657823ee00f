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


def record(conn: Connection[Any], *, events: Iterable[TaskEvent]) -> set[str]:
    """Record the deliveries of these events of known tasks; those that no event named before."""
    named = {
        event.delivery: {
            "id": event.delivery,
            "task_id": event.task,
            "attempt": event.attempt,
            "worker": event.worker,
        }
        for event in events
    }
    if not named:
        return set()
    return {row[0] for row in conn.execute(_SQL["record"], {"named": records(named.values())})}


def discard(conn: Connection[Any], *, ids: Iterable[str]) -> None:
    """Have the media of deliveries deleted, once nobody can be writing to it any more."""
    prefixes = [delivery_prefix(delivery) for delivery in ids]
    conn.execute(_SQL["discard"], {"prefixes": prefixes, "grace": GRACE})


def keep(conn: Connection[Any], *, ids: Iterable[str]) -> None:
    """Take back that the media of these deliveries is to be deleted."""
    forget_discarded(conn, prefixes=[delivery_prefix(delivery) for delivery in ids])


def discarded(conn: Connection[Any], *, limit: int) -> list[str]:
    """Prefixes of the bucket that are to be deleted now."""
    return [row[0] for row in conn.execute(_SQL["discarded"], {"limit": limit})]


def forget_discarded(conn: Connection[Any], *, prefixes: Collection[str]) -> None:
    """Say that nothing stands under these prefixes any more."""
    conn.execute(_SQL["forget_discarded"], {"prefixes": list(prefixes)})


def lost(conn: Connection[Any], *, before: datetime, limit: int) -> list[str]:
    """Deliveries first named before this time that made nothing of a final task."""
    return [row[0] for row in conn.execute(_SQL["lost"], {"before": before, "limit": limit})]


def forget(conn: Connection[Any], *, ids: Collection[str]) -> None:
    """Drop deliveries whose media is gone."""
    conn.execute(_SQL["forget"], {"ids": list(ids)})


def forget_winners(conn: Connection[Any], *, before: datetime) -> None:
    """Drop deliveries that won and were then named again, at the latest before this time."""
    conn.execute(_SQL["forget_winners"], {"before": before})
