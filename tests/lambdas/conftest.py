"""Fixtures of the lambdas' tests: a migrated, empty database for each test."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from lambdas.store import migrations
from tests.lambdas.flow.world import World
from tests.services.postgres import database_name, fresh_database

_LARGE_BYTES = 1 << 20
"""Dead rows make a table grow: from here on TRUNCATE makes it new."""


@pytest.fixture(scope="session")
def migrated(postgres: str) -> str:
    """The URI of a migrated database, which tests use one after another."""
    uri = fresh_database(postgres)
    migrations.apply(uri)
    return uri


@pytest.fixture
def database(migrated: str) -> str:
    """The URI of a database as the migrations leave it; emptying it is far faster than a new one."""
    with psycopg.connect(migrated, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (database_name(migrated),),
        )
        _empty(conn)
        conn.execute("INSERT INTO event_clock DEFAULT VALUES")
        conn.execute("INSERT INTO tally_clock DEFAULT VALUES")
    return migrated


def _empty(conn: psycopg.Connection) -> None:
    """Take every row away: by DELETE where a test left a few, which takes a twentieth of the time of TRUNCATE."""
    tables = conn.execute(
        "SELECT tablename, pg_relation_size(quote_ident(tablename)::regclass) FROM pg_tables"
        " WHERE schemaname = 'public' AND tablename <> 'schema_migrations'"
    ).fetchall()
    names = [sql.Identifier(name) for name, _ in tables]
    if any(size > _LARGE_BYTES for _, size in tables):
        conn.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(names)))
        return
    with conn.transaction():
        # Without the triggers of foreign keys, so that no order is right or wrong.
        conn.execute("SET LOCAL session_replication_role = replica")
        for name, (_, size) in zip(names, tables, strict=True):
            if size:
                conn.execute(sql.SQL("DELETE FROM {}").format(name))


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    """An autocommit connection to `database`."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def world(conn: psycopg.Connection) -> World:
    """Runs and workers around an empty database."""
    return World(conn)
