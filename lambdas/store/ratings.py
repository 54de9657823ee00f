"""Ratings: one account's stars for a pipeline, and the sums that lists are ranked by."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from lambdas.store import queries

_SQL = queries.load("ratings")


@dataclass(frozen=True, slots=True)
class Rating:
    """A pipeline's sums, and one account's own stars."""

    rating_count: int
    rating_sum: int
    score: float
    my_stars: int | None


def rate(conn: Connection[Any], *, pipeline_id: UUID, account_id: UUID, stars: int) -> Rating:
    """The sums after an account gave its stars; the caller holds the pipeline."""
    params = {"pipeline_id": pipeline_id, "account_id": account_id, "stars": stars}
    with conn.cursor(row_factory=class_row(Rating)) as cursor:
        (rating,) = cursor.execute(_SQL["rate"], params)
    conn.execute(_SQL["update_results"], {"pipeline_id": pipeline_id})
    return rating


def withdraw(conn: Connection[Any], *, pipeline_id: UUID, account_id: UUID) -> None:
    """Take an account's stars back, if it gave any; the caller holds the pipeline."""
    params = {"pipeline_id": pipeline_id, "account_id": account_id}
    if conn.execute(_SQL["withdraw"], params).fetchone() is not None:
        conn.execute(_SQL["update_results"], {"pipeline_id": pipeline_id})
