"""The one connection of a handler that works alone: opened at first use, opened anew after it broke."""

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import Connection

_SETTINGS = {
    "timezone": "UTC",
    # Plans are made for the values at hand: the sizes of backlogs lie too far apart for one plan.
    "plan_cache_mode": "force_custom_plan",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}


class Database:
    """A database by its URL; `password`, where the URL has none, is asked for each new connection."""

    def __init__(self, url: str, *, password: Callable[[], str] | None = None) -> None:
        self._url = url
        self._password = password
        self._conn: Connection[Any] | None = None

    def connect(self) -> Connection[Any]:
        """The autocommit connection; a new one when there is none or an error broke it."""
        if self._conn is None or self._conn.closed:
            self._conn = psycopg.connect(self._url, password=self._given(), autocommit=True, connect_timeout=10)
            for name, value in _SETTINGS.items():
                self._conn.execute("SELECT set_config(%s, %s, false)", (name, value))
        return self._conn

    def _given(self) -> str | None:
        return self._password() if self._password else None

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._conn is not None:
            self._conn.close()


def is_down(error: psycopg.Error) -> bool:
    """Whether an error says that the server is away, so that trying with less would not help."""
    state = error.sqlstate
    return isinstance(error, psycopg.OperationalError) and (state is None or state.startswith(("08", "57P")))
