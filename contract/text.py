"""The string types of what people write: Unicode that PostgreSQL can store, and how texts are compared."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from contract.faults import FaultCode, refusal
from contract.limits import MAX_TEXT_CHARACTERS

_ACCENTS = re.compile("[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f]")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_SHORT_I = "\u0438\u0306"
"""A Cyrillic short i, decomposed: a letter of its own, which is not to lose its sign."""


def _storable(value: str) -> str:
    if "\x00" in value:
        raise refusal(FaultCode.NUL_CHARACTER)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise refusal(FaultCode.NOT_UNICODE) from None
    return value


def _composed(value: str) -> str:
    return unicodedata.normalize("NFC", value)


def _visible(value: str) -> str:
    """Whether anything of it can be seen: neither spaces nor marks that only tell how others are written."""
    if not any(unicodedata.category(character)[0] in "LNPS" for character in value):
        raise refusal(FaultCode.BLANK)
    return value


def fold(text: str) -> str:
    """A text as it is compared: without case, accents, compatibility forms and what cannot be seen; ё is е.

    The function `fold` of the database says the same.
    """
    open_text = unicodedata.normalize("NFKD", text.lower()).lower().replace(_SHORT_I, "й")
    return " ".join(_INVISIBLE.sub("", _ACCENTS.sub("", open_text)).split())


Storable = AfterValidator(_storable)
"""For string types of other lengths and patterns; it stands after their constraints."""
Composed = AfterValidator(_composed)
"""Unicode NFC: what looks the same is the same. Not for passwords, which were hashed as they were typed."""
Visible = AfterValidator(_visible)
"""At least one character can be seen."""

Text = Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARACTERS), Storable, Composed]
"""Up to 8,000 characters of any script in Unicode NFC; never NUL, never a lone surrogate."""

VISIBLE_PATTERN = r"\S"
"""Of a text that needs a visible character, as far as a pattern can say so."""

NAME_PATTERN = r"^[a-z][a-z0-9_]{0,31}$"
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""The name of an input or a step, as `{{name}}` refers to it."""
