"""The string type of everything that people write: valid Unicode that PostgreSQL can store."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from contract.faults import FaultCode, refusal
from contract.limits import MAX_TEXT_CHARACTERS


def _storable(value: str) -> str:
    if "\x00" in value:
        raise refusal(FaultCode.NUL_CHARACTER)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise refusal(FaultCode.NOT_UNICODE) from None
    return value


Storable = AfterValidator(_storable)
"""For string types of other lengths and patterns; it stands after their constraints."""

Text = Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARACTERS), Storable]
"""Up to 8,000 characters of any script; never NUL, never a lone surrogate."""

VISIBLE_PATTERN = r"\S"
"""Of a text that needs a visible character."""

NAME_PATTERN = r"^[a-z][a-z0-9_]{0,31}$"
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""The name of an input or a step, as `{{name}}` refers to it."""
