"""The query parameters of lists: limit and cursor, and the filters that pipelines and results share."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request
from psycopg import Connection
from pydantic import BeforeValidator

from contract.kinds import Kind
from lambdas.api import cursors
from lambdas.api.deps import Services
from lambdas.api.shapes.base import Handle
from lambdas.store import accounts
from lambdas.store.accounts import Account
from lambdas.store.lists import START, Filters, Place, Sort

Row = TypeVar("Row")

_DIGITS = re.compile(r"\d{1,9}", re.ASCII)
_DECIMAL = re.compile(r"\d{1,3}(\.\d{1,9})?", re.ASCII)
_NO_ID = UUID(int=0)


def plain_int(value: Any) -> Any:
    """Text of a path or query that must be a whole number, checked before pydantic reads it."""
    # pydantic alone would take "5.0", "+5" and " 5".
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        raise ValueError("must be a whole number in digits")
    return value


def _plain_decimal(value: Any) -> Any:
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        raise ValueError("must be a number such as 4 or 4.5")
    return value


@dataclass(frozen=True, slots=True)
class Window:
    """Which page of a list is wanted; `position` is None for the first."""

    limit: int
    position: list[Any] | None
    _query: str
    _secret: str

    @property
    def place(self) -> Place:
        """The place after which a page of pipelines or results begins."""
        return Place(self.position[0], UUID(self.position[1])) if self.position else START

    def cut(self, rows: Sequence[Row], *, position: Callable[[Row], Sequence[Any]]) -> tuple[list[Row], str | None]:
        """The page and the cursor of the next one, of rows that were read one further than the limit."""
        page = list(rows[: self.limit])
        if len(rows) <= self.limit:
            return page, None
        return page, cursors.write(list(position(page[-1])), query=self._query, secret=self._secret)


async def _window(
    request: Request,
    services: Services,
    limit: Annotated[int, BeforeValidator(plain_int), Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=1_000)] = None,
) -> Window:
    secret = services.settings.secret.get_secret_value()
    pairs = sorted((k, v) for k, v in request.query_params.items() if k not in {"limit", "cursor"})
    query = f"{request.url.path}?{pairs}"
    position = None if cursor is None else cursors.read(cursor, query=query, secret=secret)
    return Window(limit=limit, position=position, _query=query, _secret=secret)


Paging = Annotated[Window, Depends(_window)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is to be narrowed to, as it was asked for."""

    unresolved: Filters
    author: str | None

    def resolve(self, conn: Connection[Any], *, caller: Account | None) -> Filters:
        """The filters with the author's id; one's own lists show everything that is one's own."""
        if self.author is None:
            return self.unresolved
        # An unknown author has made nothing: an id that no account has gives an empty list.
        author_id = accounts.id_of(conn, self.author) or _NO_ID
        return replace(self.unresolved, author_id=author_id, own=caller is not None and author_id == caller.id)


async def _wanted(
    q: Annotated[str | None, Query(min_length=1, max_length=200, description="words to search for")] = None,
    kind: Kind | None = None,
    model: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    tag: Annotated[str | None, Query(min_length=1, max_length=40)] = None,
    author: Annotated[Handle | None, Query(description="a handle; one's own shows what others do not see")] = None,
    min_rating: Annotated[float | None, BeforeValidator(_plain_decimal), Query(ge=1, le=5)] = None,
    sort: Sort = "top",
) -> Wanted:
    label = tag.strip().lower() if tag else None
    return Wanted(Filters(sort=sort, q=q, kind=kind, model=model, tag=label, min_rating=min_rating), author)


Narrowed = Annotated[Wanted, Depends(_wanted)]
