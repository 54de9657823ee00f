"""What the lists of pipelines and of results share: filters, orders and how pages of them begin."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection

from lambdas.domain import search

Sort = Literal["top", "new", "trending"]
Language = Literal["en", "ru"]
Period = Literal["day", "week", "month", "year", "all"]

_PERIODS = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
    "all": None,
}


class SortKey(NamedTuple):
    """Where in an order a row stands: the value it is sorted by, then its id (keyset pagination)."""

    value: float
    id: UUID


START = SortKey(float("inf"), UUID(int=2**128 - 1))
"""Before the first row of every order."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None does not narrow. `own` lists what the author hides from others too."""

    sort: Sort = "top"
    q: str | None = None
    kind: str | None = None
    model: str | None = None
    tag: str | None = None
    lang: Language | None = None
    seed: int | None = None
    """Of results alone."""
    period: Period = "all"
    """Since when something was made, or first published."""
    author_id: UUID | None = None
    min_rating: float | None = None
    own: bool = False


def params(filters: Filters, *, after: SortKey, limit: int) -> dict[str, Any]:
    """The parameters of the queries `top`, `new` and `trending` of either noun."""
    return {
        "q": search.fit(filters.q) if filters.q else None,
        "kind": filters.kind,
        "model": filters.model,
        "tag": filters.tag,
        "lang": filters.lang,
        "seed": filters.seed,
        "period": _PERIODS[filters.period],
        "author_id": filters.author_id,
        "min_rating": filters.min_rating,
        "own": filters.own,
        "after_value": after.value,
        "after_id": after.id,
        "limit": limit,
    }


def sort_keys(conn: Connection[Any], query: LiteralString, params: dict[str, Any]) -> list[SortKey]:
    """The sort keys that one of these queries finds.

    It is planned anew for its values each time: an absent filter then costs nothing and a rare word finds its index,
    where one plan for all values would walk the whole order.
    """
    rows = conn.execute(query, params, prepare=False).fetchall()
    return [SortKey(value, row_id) for row_id, value in rows]
