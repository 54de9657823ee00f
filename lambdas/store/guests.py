"""What the guests of one network may do in a day; counts start anew at midnight UTC."""

import secrets
from typing import Any

from psycopg import Connection

from lambdas.domain.errors import LimitReached
from lambdas.store import accounts, queries
from lambdas.store.accounts import Account

_SQL = queries.load("guests")
HANDLE_PREFIX = "guest-"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def create(conn: Connection[Any], *, network: str, limit: int) -> Account:
    """A new guest of this network (CIDR); raises LimitReached."""
    if conn.execute(_SQL["take_guest"], {"network": network, "limit": limit}).fetchone() is None:
        raise LimitReached(
            f"Your network has made its {limit} guest accounts of today. Sign up, or come back tomorrow.",
            retry_after_seconds=_seconds_to_midnight(conn),
        )
    while True:
        account = accounts.create_guest(conn, handle=_random_handle())
        if account is not None:
            return account


def take_tasks(conn: Connection[Any], *, network: str, count: int, limit: int) -> None:
    """Count `count` tasks that a guest of this network starts; raises LimitReached and then counts nothing."""
    params = {"network": network, "count": count, "limit": limit}
    if conn.execute(_SQL["take_tasks"], params).fetchone() is None:
        raise LimitReached(
            f"Guests of your network may start {limit} tasks a day, and this run would go over. "
            "Sign up to go on, or come back tomorrow.",
            retry_after_seconds=_seconds_to_midnight(conn),
        )


def tasks_today(conn: Connection[Any], *, network: str) -> int:
    """How many tasks the guests of this network have started today."""
    row = conn.execute(_SQL["tasks_today"], {"network": network}).fetchone()
    return row[0] if row else 0


def forget(conn: Connection[Any]) -> None:
    """Drop what was counted on days past."""
    conn.execute(_SQL["forget"])


def _seconds_to_midnight(conn: Connection[Any]) -> int:
    row = conn.execute(_SQL["seconds_to_midnight"]).fetchone()
    return row[0] if row else 1


def _random_handle() -> str:
    return HANDLE_PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(10))
