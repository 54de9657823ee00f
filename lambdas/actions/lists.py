"""What the lists of all nouns share: which part is wanted, whose, and where the next page goes on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from uuid import UUID

from psycopg import Connection

from lambdas.store import accounts
from lambdas.store.accounts import Account
from lambdas.store.lists import Filters

Items = TypeVar("Items")
Row = TypeVar("Row")

_NO_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Page(Generic[Items]):
    """One page; `end` is the sort key of its last item, after which the next one begins, and None on the last page."""

    items: Items
    end: Sequence[Any] | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is to be narrowed to, as it was asked for."""

    filters: Filters
    author: str | None = None
    """A handle."""


def resolve(conn: Connection[Any], wanted: Wanted, *, viewer: Account | None) -> Filters:
    """The filters with the author's id; one's own lists show everything that is one's own."""
    if wanted.author is None:
        return wanted.filters
    # An unknown author has made nothing: an id that no account has gives an empty list.
    author_id = accounts.id_of(conn, wanted.author) or _NO_ID
    return replace(wanted.filters, author_id=author_id, own=viewer is not None and author_id == viewer.id)


def cut(rows: Sequence[Row], *, limit: int, key: Callable[[Row], Sequence[Any]]) -> Page[list[Row]]:
    """The page of rows that were read one further than the limit."""
    items = list(rows[:limit])
    return Page(items, key(items[-1]) if len(rows) > limit else None)
