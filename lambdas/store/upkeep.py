"""What only sweep asks of the database: to be alone, and to forget what has expired."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from psycopg import Connection

from lambdas.store.queries import load

_SQL = load("upkeep")


@contextmanager
def alone(conn: Connection[Any]) -> Generator[bool]:
    """Whether nobody else sweeps as long as the block lasts."""
    row = conn.execute(_SQL["try_lock"]).fetchone()
    locked = bool(row and row[0])
    try:
        yield locked
    finally:
        if locked and not conn.closed:
            conn.execute(_SQL["unlock"])


def now(conn: Connection[Any]) -> datetime:
    """The database's time."""
    (row,) = conn.execute(_SQL["now"])
    return row[0]


def expire_sessions(conn: Connection[Any], *, limit: int) -> None:
    """Forget sessions that have expired, at most `limit` of them."""
    conn.execute(_SQL["expire_sessions"], {"limit": limit})


def rejoin_all(conn: Connection[Any]) -> None:
    """Put every account that has a backlog in line for dispatch."""
    conn.execute(_SQL["rejoin_all"])
