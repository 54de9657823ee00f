"""The query parameters of lists: limit and cursor, and the filters that pipelines and results share."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import BeforeValidator

from contract.faults import FaultCode, refusal
from contract.kinds import Kind
from lambdas.actions.lists import Wanted
from lambdas.api import cursors
from lambdas.api.deps import Services
from lambdas.api.shapes.base import Handle
from lambdas.store.lists import START, Filters, Language, Period, Sort, SortKey

_DIGITS = re.compile(r"\d{1,9}", re.ASCII)
_SEED = re.compile(r"\d{1,16}", re.ASCII)
_DECIMAL = re.compile(r"\d{1,3}(\.\d{1,9})?", re.ASCII)


def plain_int(value: Any) -> Any:
    """Text of a path or query that must be a whole number, checked before pydantic reads it."""
    # pydantic alone would take "5.0", "+5" and " 5".
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        raise refusal(FaultCode.WRONG_TYPE, expected="a whole number in digits")
    return value


def plain_seed(value: Any) -> Any:
    """The same for a seed, which has up to sixteen digits."""
    if isinstance(value, str) and not _SEED.fullmatch(value):
        raise refusal(FaultCode.WRONG_TYPE, expected="a whole number in digits")
    return value


def _plain_decimal(value: Any) -> Any:
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        raise refusal(FaultCode.WRONG_TYPE, expected="a number such as 4 or 4.5")
    return value


@dataclass(frozen=True, slots=True)
class Window:
    """Which page of a list is wanted; `position` is None for the first."""

    limit: int
    position: list[Any] | None
    _query: str
    _secret: str

    @property
    def after(self) -> SortKey:
        """The sort key after which a page of pipelines or results begins."""
        return SortKey(self.position[0], UUID(self.position[1])) if self.position else START

    @property
    def before(self) -> UUID | None:
        """The id before which a page of a list of one's own begins."""
        return UUID(self.position[0]) if self.position else None

    def cursor(self, end: Sequence[Any] | None) -> str | None:
        """The cursor of the page that begins after this sort key; None where there is no further one."""
        return None if end is None else cursors.write(list(end), query=self._query, secret=self._secret)


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


async def _labels(
    kind: Kind | None = None,
    model: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    tag: Annotated[str | None, Query(min_length=1, max_length=40)] = None,
    lang: Annotated[Language | None, Query(description="by the script of most letters of title and prompts")] = None,
) -> Filters:
    return Filters(kind=kind, model=model, tag=tag, lang=lang)


async def _wanted(
    labels: Annotated[Filters, Depends(_labels)],
    q: Annotated[str | None, Query(min_length=1, max_length=200, description="words to search for")] = None,
    author: Annotated[Handle | None, Query(description="a handle; one's own shows what others do not see")] = None,
    min_rating: Annotated[float | None, BeforeValidator(_plain_decimal), Query(ge=1, le=5)] = None,
    period: Annotated[Period, Query(description="made, or first published, so lately")] = "all",
    sort: Sort = "top",
) -> Wanted:
    return Wanted(replace(labels, sort=sort, q=q, min_rating=min_rating, period=period), author)


Narrowed = Annotated[Wanted, Depends(_wanted)]
