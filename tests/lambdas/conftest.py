"""Fixtures of the lambdas' tests: a migrated, empty database for each test."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from lambdas.store import migrations
from tests.lambdas.flow.world import World
from tests.services.postgres import database_name, fresh_database


@pytest.fixture(scope="session")
def migrated(postgres: str) -> str:
    """The URI of a migrated database, which tests use one after another."""
    uri = fresh_database(postgres)
    migrations.apply(uri)
    return uri


@pytest.fixture
def database(migrated: str) -> str:
    """The URI of a database as the migrations leave it; emptying it is four times as fast as a new one."""
    with psycopg.connect(migrated, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (database_name(migrated),),
        )
        tables = conn.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations'"
        ).fetchall()
        names = sql.SQL(", ").join(sql.Identifier(name) for (name,) in tables)
        conn.execute(sql.SQL("TRUNCATE {}").format(names))
        conn.execute("INSERT INTO event_clock DEFAULT VALUES")
        conn.execute("INSERT INTO tally_clock DEFAULT VALUES")
    return migrated


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    """An autocommit connection to `database`."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def world(conn: psycopg.Connection) -> World:
    """Runs and workers around an empty database."""
    return World(conn)
