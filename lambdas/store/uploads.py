"""Uploaded pictures that runs may start from; their bytes lie in S3."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from contract.keys import UPLOAD_PREFIX
from lambdas.domain.pictures import Format, Header
from lambdas.store import queries

_SQL = queries.load("uploads")

_PATIENCE = timedelta(minutes=10)
"""How long the bytes of an upload may be on their way: far longer than a request lasts."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture as its header describes it; sizes in pixels."""

    id: UUID
    format: Format
    width: int
    height: int
    expires_at: datetime


def create(conn: Connection[Any], header: Header, *, account_id: UUID, size: int, hours: int) -> Upload:
    """A new upload of `size` bytes, pending until `make_ready`; they are to go to `contract.keys.upload_key`."""
    params = {
        "account_id": account_id,
        "format": header.format,
        "width": header.width,
        "height": header.height,
        "bytes": size,
        "hours": hours,
    }
    with conn.cursor(row_factory=class_row(Upload)) as cursor:
        (upload,) = cursor.execute(_SQL["create"], params)
    return upload


def make_ready(conn: Connection[Any], upload_id: UUID) -> bool:
    """Say that the bytes of an upload are stored; False when it is pending no more."""
    return conn.execute(_SQL["make_ready"], {"upload_id": upload_id}).rowcount == 1


def find(conn: Connection[Any], upload_id: UUID, *, account_id: UUID) -> Upload | None:
    """An account's own upload; None when there is none, it has expired, or its bytes are not there."""
    with conn.cursor(row_factory=class_row(Upload)) as cursor:
        return cursor.execute(_SQL["find"], {"upload_id": upload_id, "account_id": account_id}).fetchone()


def expire(conn: Connection[Any], *, limit: int) -> int:
    """How many uploads were forgotten now, at most `limit`: expired ones, and those that stayed pending.

    Their objects are noted for deletion.
    """
    return conn.execute(_SQL["expire"], {"limit": limit, "prefix": UPLOAD_PREFIX, "patience": _PATIENCE}).rowcount
