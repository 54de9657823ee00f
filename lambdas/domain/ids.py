"""How an id is written: a UUID in its usual spelling and no other."""

import re
from uuid import UUID

_CANONICAL = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def parse_id(value: str) -> UUID | None:
    """The id in a text; None when it is none in its usual spelling."""
    return UUID(value) if _CANONICAL.fullmatch(value) else None
