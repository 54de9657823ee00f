"""The database user of the application, who owns nothing: kept by `migrate`, which logs in as the owner."""

from typing import Any

from psycopg import Connection

from lambdas.store.queries import load

_SQL = load("roles")


def keep_app_user(conn: Connection[Any]) -> None:
    """Make `atelier_app` if it is not there, and let it at the rows of every table; a repeat changes nothing."""
    with conn.transaction():
        for name in ("keep_app", "grant_rows", "grant_sequences", "hide_migrations"):
            conn.execute(_SQL[name])
