"""The world that the tests of the protocol act in."""

import psycopg
import pytest

from tests.lambdas.flow.world import World


@pytest.fixture
def world(conn: psycopg.Connection) -> World:
    return World(conn)
