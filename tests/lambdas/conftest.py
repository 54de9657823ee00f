"""Fixtures of the lambdas' tests: a migrated database of one's own for each test."""

from collections.abc import Iterator

import psycopg
import pytest

from lambdas.store import migrations
from tests.services.postgres import database_name, drop_database, fresh_database


@pytest.fixture(scope="session")
def migrated_template(postgres: str) -> str:
    """The name of a migrated database to copy; nobody connects to it."""
    uri = fresh_database(postgres)
    migrations.apply(uri)
    return database_name(uri)


@pytest.fixture
def database(postgres: str, migrated_template: str) -> Iterator[str]:
    """The URI of a migrated, empty database that only this test uses."""
    uri = fresh_database(postgres, template=migrated_template)
    yield uri
    drop_database(postgres, name=database_name(uri))


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    """An autocommit connection to `database`."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection
