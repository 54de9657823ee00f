"""Sessions of browsers: opaque tokens of which only the hash is kept."""

import hashlib
import secrets
from typing import Any
from uuid import UUID

from psycopg import Connection

from lambdas.store import queries

_SQL = queries.load("sessions")


def hash_of(token: str) -> bytes:
    """The SHA-256 of a token; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def create(conn: Connection[Any], *, account_id: UUID, days: int) -> str:
    """The token of a new session, to be shown this once."""
    token = secrets.token_urlsafe(32)
    conn.execute(_SQL["create"], {"account_id": account_id, "token_hash": hash_of(token), "days": days})
    return token


def end(conn: Connection[Any], *, token_hash: bytes) -> None:
    """Sign a session out; an unknown one is out already."""
    conn.execute(_SQL["end"], {"token_hash": token_hash})


def end_others(conn: Connection[Any], *, account_id: UUID, kept: bytes | None) -> None:
    """Sign an account out everywhere but in the session with the hash `kept`."""
    conn.execute(_SQL["end_others"], {"account_id": account_id, "token_hash": kept})
