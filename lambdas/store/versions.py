"""Versions: what a pipeline's spec was at each number; they never change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from lambdas.domain.errors import NotFound
from lambdas.store import queries

_SQL = queries.load("versions")


@dataclass(frozen=True, slots=True)
class Version:
    """A version with its spec; `author` is None when its pipeline or its account was deleted.

    Title, description and tags are the pipeline's of today for whoever may see it, else those of when it was last
    public, and None when it never was.
    """

    pipeline_id: UUID
    number: int
    spec: dict[str, Any]
    note: str
    created_at: datetime
    title: str | None
    description: str | None
    tags: list[str] | None
    author: str | None


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in a list."""

    number: int
    note: str
    created_at: datetime


def find(conn: Connection[Any], pipeline_id: UUID, *, number: int, viewer_id: UUID | None) -> Version:
    """One version; raises NotFound when the viewer may not read it."""
    params = {"pipeline_id": pipeline_id, "number": number, "viewer_id": viewer_id}
    with conn.cursor(row_factory=class_row(Version)) as cursor:
        found = cursor.execute(_SQL["find"], params).fetchone()
    if found is None:
        raise NotFound("There is no such version, or it is private.")
    return found


def page(conn: Connection[Any], pipeline_id: UUID, *, before: int | None, limit: int) -> list[VersionLine]:
    """The versions of a pipeline below a number, newest first; from the latest on when it is None."""
    params = {"pipeline_id": pipeline_id, "before": before, "limit": limit}
    with conn.cursor(row_factory=class_row(VersionLine)) as cursor:
        return cursor.execute(_SQL["page"], params).fetchall()
