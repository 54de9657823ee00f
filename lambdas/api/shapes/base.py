"""What the bodies and answers of all calls share."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Path
from pydantic import MISSING, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from contract.faults import FaultCode, refusal
from contract.text import VISIBLE_PATTERN, Composed, Storable, Visible
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
        raise refusal(FaultCode.BAD_ID)
    return found


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if not (isinstance(value, str) and _RFC3339.fullmatch(value)):
        raise refusal(FaultCode.BAD_TIME)
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise refusal(FaultCode.BAD_TIME) from None


Id = Annotated[UUID, BeforeValidator(_id)]
"""A UUID in its usual spelling."""
PathId = Annotated[Id, Path(alias="id")]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
"""A time with its zone, kept as UTC."""

VERSION_ADDRESS_PATTERN = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}:[1-9][0-9]{0,8}$"
TAG_PATTERN = r"^[^\s,#][^,#]*$"
HANDLE_PATTERN = r"^[a-z0-9][a-z0-9_-]{1,30}$"
IDEMPOTENCY_KEY_PATTERN = r"^[\x21-\x7e]+$"

Title = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=VISIBLE_PATTERN), Storable, Visible, Composed
]
Description = Annotated[str, StringConstraints(max_length=8_000), Storable, Composed]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=TAG_PATTERN), Storable, Visible, Composed]
Handle = Annotated[str, StringConstraints(pattern=HANDLE_PATTERN)]
VersionNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
