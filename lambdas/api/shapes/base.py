"""What the bodies and answers of all calls share."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Path
from pydantic import MISSING, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from contract.text import Storable
from lambdas.domain.ids import parse_id

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")

Item = TypeVar("Item")


class Body(BaseModel):
    """A body that people send: no unknown field, nothing coerced, null is not absent."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def given(value: Any) -> Any:
    """The value of a field that may be absent; None when it is."""
    return None if value is MISSING else value


class Answer(BaseModel):
    """An answer, made of the rows of the store."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Page(Answer, Generic[Item]):
    """One page of a list; `next` is the cursor of the page after it, null on the last."""

    items: list[Item]
    next: str | None


class Author(Answer):
    """Who made it."""

    handle: str


def _id(value: Any) -> Any:
    if isinstance(value, UUID):
        return value
    found = parse_id(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("must be an id such as 019c2a7e-5b1c-7f3a-9d2e-4b8c1a6f0e57")
    return found


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if not (isinstance(value, str) and _RFC3339.fullmatch(value)):
        raise ValueError("must be a time such as 2027-01-31T12:00:00Z")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a time that exists") from None


Id = Annotated[UUID, BeforeValidator(_id)]
"""A UUID in its usual spelling."""
PathId = Annotated[Id, Path(alias="id")]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
"""A time with its zone, kept as UTC."""

Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S"), Storable]
Description = Annotated[str, StringConstraints(max_length=8_000), Storable]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\s,#][^,#]*$"), Storable]
Handle = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{1,30}$")]
VersionNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
