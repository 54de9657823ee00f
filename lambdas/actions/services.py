"""What outlives a call: the pool of connections, the clients of AWS, the catalogue, and the settings of actions."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from contract import catalogue
from contract.catalogue import Profile
from lambdas.aws.clients import Clients, Patience
from lambdas.aws.passwords import password_of
from lambdas.settings import ActionSettings

Pool = ConnectionPool[Connection[Any]]


class Services:
    """Built once by whatever door calls actions; nothing connects before its first use."""

    def __init__(self, settings: ActionSettings, *, profile: Profile, connections: int, patience: Patience) -> None:
        """`connections` to the database at most."""
        self._settings = settings
        self.catalogue = catalogue.load(profile)
        self.clients = Clients(settings, patience=patience)
        self.pool: Pool = ConnectionPool(
            settings.database_url,
            min_size=0,
            max_size=connections,
            kwargs=_how_to_connect(settings),
            configure=_configure,
            check=ConnectionPool.check_connection,
            timeout=10,
            open=True,
        )

    @property
    def settings(self) -> ActionSettings:
        """What actions want to know of their surroundings."""
        return self._settings

    def stop(self) -> None:
        """Close every connection."""
        self.pool.close()

    @contextmanager
    def transaction(self) -> Generator[Connection[Any]]:
        """A transaction of its own. To be short: nothing but the database is asked inside of it."""
        with self.pool.connection() as conn, conn.transaction():
            yield conn


def _how_to_connect(settings: ActionSettings) -> Callable[[], dict[str, Any]] | dict[str, Any]:
    """What each new connection is opened with, beside the URL."""
    password = password_of(settings)
    if password is None:
        return {"autocommit": True}
    return lambda: {"autocommit": True, "password": password()}


def _configure(conn: Connection[Any]) -> None:
    """Set a new connection up."""
    conn.execute(
        "SELECT set_config('timezone', 'UTC', false), set_config('statement_timeout', '10s', false),"
        " set_config('idle_in_transaction_session_timeout', '30s', false)"
    )
