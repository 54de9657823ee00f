"""API keys: `atl_…`, shown once, kept as a hash."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from lambdas.domain.errors import NotFound
from lambdas.store import queries

_SQL = queries.load("keys")
_PREFIX_CHARACTERS = 10


@dataclass(frozen=True, slots=True)
class Key:
    """What is shown of a key after its first day."""

    id: UUID
    name: str
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


def hash_of(key: str) -> bytes:
    """The SHA-256 of a key; 256 random bits need no slow hash."""
    return hashlib.sha256(key.encode(errors="replace")).digest()


def create(conn: Connection[Any], *, account_id: UUID, name: str, expires_at: datetime | None) -> tuple[Key, str]:
    """A new key, and the secret to be shown this once."""
    secret = f"atl_{secrets.token_urlsafe(32)}"
    params = {
        "account_id": account_id,
        "name": name,
        "prefix": secret[:_PREFIX_CHARACTERS],
        "key_hash": hash_of(secret),
        "expires_at": expires_at,
    }
    with conn.cursor(row_factory=class_row(Key)) as cursor:
        (key,) = cursor.execute(_SQL["create"], params)
    return key, secret


def page(conn: Connection[Any], *, account_id: UUID, before: UUID | None, limit: int) -> list[Key]:
    """An account's keys older than `before`, newest first; from the newest on when it is None."""
    params = {"account_id": account_id, "before": before, "limit": limit}
    with conn.cursor(row_factory=class_row(Key)) as cursor:
        return cursor.execute(_SQL["page"], params).fetchall()


def remove(conn: Connection[Any], *, account_id: UUID, key_id: UUID) -> None:
    """Withdraw a key; raises NotFound when it is not this account's."""
    if conn.execute(_SQL["remove"], {"account_id": account_id, "key_id": key_id}).fetchone() is None:
        raise NotFound("You have no such key.")
