"""Idempotency keys: a request that is sent twice makes one run."""

from typing import Any
from uuid import UUID

from psycopg import Connection

from lambdas.domain.errors import IdempotencyConflict
from lambdas.store.queries import load

_SQL = load("idempotency")


def claim(conn: Connection[Any], *, account_id: UUID, key: str, body_hash: bytes) -> tuple[UUID, bool]:
    """The id that the run of this key has or is to get, and whether it is still to be made.

    A second request waits here for the first. Raises IdempotencyConflict when the key came with another body.
    """
    params = {"account_id": account_id, "key": key, "body_hash": body_hash}
    claimed = conn.execute(_SQL["claim"], params).fetchone()
    if claimed is not None:
        return claimed[0], True
    known = conn.execute(_SQL["find"], params).fetchone()
    if known is None or not known[1]:
        raise IdempotencyConflict("This Idempotency-Key came with another body within the last 24 hours.")
    return known[0], False


def expire(conn: Connection[Any], *, limit: int) -> None:
    """Forget keys that are older than a day, at most `limit` of them."""
    conn.execute(_SQL["expire"], {"limit": limit})
