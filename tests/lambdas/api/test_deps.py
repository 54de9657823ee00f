"""What a request sends goes out after its commit, and only then."""

from collections.abc import Callable

import psycopg
import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient

from lambdas.api.deps import Sends, Tx, network_of
from lambdas.domain.errors import Conflict
from tests.lambdas.api.people import SITE, code


@pytest.fixture
def sent() -> list[str]:
    return []


@pytest.fixture
def client(start: Callable[..., FastAPI], sent: list[str], database: str) -> TestClient:
    """An API with calls that write a row and send something."""
    app, router = start(), APIRouter()

    def seen_from_outside() -> str:
        with psycopg.connect(database) as conn:
            (row,) = conn.execute("SELECT count(*) FROM guest_networks")
            return f"{row[0]} committed"

    def write(tx: Tx) -> None:
        tx.execute("INSERT INTO guest_networks (network, day) VALUES ('10.0.0.0/24', current_date)")

    @router.post("/good")
    def good(tx: Tx, sends: Sends) -> None:
        write(tx)
        sends.add(lambda: sent.append(f"first: {seen_from_outside()}"))
        sends.add(lambda: sent.append("second"))

    @router.post("/refused")
    def refused(tx: Tx, sends: Sends) -> None:
        write(tx)
        sends.add(lambda: sent.append("never"))
        raise Conflict("No.")

    @router.post("/unsent")
    def unsent(tx: Tx, sends: Sends) -> None:
        write(tx)
        sends.add(lambda: sent[99])
        sends.add(lambda: sent.append("still sent"))

    app.include_router(router)
    return TestClient(app, base_url=SITE)


def rows(conn: psycopg.Connection) -> int:
    (row,) = conn.execute("SELECT count(*) FROM guest_networks")
    return row[0]


def test_sends_follow_the_commit_in_order(client: TestClient, sent: list[str]) -> None:
    assert client.post("/good").status_code == 200
    assert sent == ["first: 1 committed", "second"]


def test_nothing_is_sent_when_the_transaction_is_undone(
    client: TestClient, sent: list[str], conn: psycopg.Connection
) -> None:
    assert code(client.post("/refused")) == (409, "conflict")
    assert (sent, rows(conn)) == ([], 0)


def test_what_cannot_be_sent_undoes_nothing(client: TestClient, sent: list[str], conn: psycopg.Connection) -> None:
    assert client.post("/unsent").status_code == 200
    assert (sent, rows(conn)) == (["still sent"], 1)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:22ff::9", "2001:db8:1:2200::/56"),
        ("[2001:db8:1:22ff::9]", "2001:db8:1:2200::/56"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("nonsense", "0.0.0.0/24"),
        ("", "0.0.0.0/24"),
    ],
)
def test_an_address_belongs_to_a_network(address: str, network: str) -> None:
    assert network_of(address) == network
