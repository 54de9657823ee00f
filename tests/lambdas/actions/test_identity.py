"""Who calls an action: found by key or session, and held by whoever writes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import psycopg
import pytest

from lambdas.actions.identity import Identity, full_writer, reader, viewer, writer
from lambdas.domain.errors import FullAccountNeeded, NotSignedIn
from lambdas.store import accounts, erasure, guests, keys, sessions
from tests.lambdas.builders import someone_waits
from tests.wait import until

NETWORK = "203.0.113.0/24"


@pytest.fixture
def ana(conn: psycopg.Connection) -> UUID:
    """A full account."""
    return accounts.create(conn, handle="ana", email="ana@atelier.test", password_hash="x").id


@pytest.fixture
def session(conn: psycopg.Connection, ana: UUID) -> Identity:
    """Whoever has a session of ana's."""
    return Identity.of_session(sessions.create(conn, account_id=ana, days=1), network=NETWORK)


@pytest.fixture
def other(database: str) -> Iterator[psycopg.Connection]:
    """Another connection than `conn`."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def test_a_session_and_a_key_come_to_their_account(conn: psycopg.Connection, ana: UUID, session: Identity) -> None:
    _, key = keys.create(conn, account_id=ana, name="mine", expires_at=None)
    for identity in (session, Identity.of_key(key, network=NETWORK)):
        for find in (viewer, reader, writer, full_writer):
            found = find(conn, identity)
            assert found is not None
            assert found.id == ana


def test_a_session_that_has_ended_is_nobody_s_and_a_bad_key_is_refused(conn: psycopg.Connection) -> None:
    ended = Identity.of_session("unknown", network=NETWORK)
    assert viewer(conn, None) is viewer(conn, ended) is None
    for find in (reader, writer, full_writer):
        with pytest.raises(NotSignedIn):
            find(conn, ended)
    with pytest.raises(NotSignedIn, match="unknown or has expired"):
        viewer(conn, Identity.of_key("atl_unknown", network=NETWORK))


def test_a_guest_writes_but_not_what_wants_a_full_account(conn: psycopg.Connection) -> None:
    guest = guests.create(conn, network=NETWORK, limit=1)
    identity = Identity.of_session(sessions.create(conn, account_id=guest.id, days=1), network=NETWORK)
    assert writer(conn, identity).id == guest.id
    with pytest.raises(FullAccountNeeded):
        full_writer(conn, identity)


def test_an_account_is_not_erased_while_it_writes(
    conn: psycopg.Connection, other: psycopg.Connection, ana: UUID, session: Identity
) -> None:
    with ThreadPoolExecutor() as pool:
        with conn.transaction():
            writer(conn, session)
            erasing = pool.submit(erasure.erase, other, ana)
            until(lambda: someone_waits(conn))
            conn.execute(
                "INSERT INTO uploads (account_id, format, width, height, bytes, expires_at)"
                " VALUES (%s, 'png', 1, 1, 1, now())",
                (ana,),
            )
        erasing.result()
    assert conn.execute("SELECT count(*) FROM uploads").fetchone() == (0,), "what was written is erased too"


def test_who_is_being_erased_writes_nothing_more(
    conn: psycopg.Connection, other: psycopg.Connection, ana: UUID, session: Identity
) -> None:
    with ThreadPoolExecutor() as pool:
        with conn.transaction():
            erasure.erase(conn, ana)
            writing = pool.submit(writer, other, session)
            until(lambda: someone_waits(conn))
        with pytest.raises(NotSignedIn):
            writing.result()
