"""Reads the named queries of `sql/*.sql`; what they mean is for the module of each noun.

A file holds queries (`-- name: …`) and parts that several of them share (`-- part: …`); those of `parts.sql` are for
all nouns. `{part}` in a query or a part stands for the part's text: put in here, when the file is read, and never
anything else.
"""

import re
from importlib.resources import files
from typing import LiteralString, cast

_TITLE = re.compile(r"^-- (name|part): (\w+)$", re.MULTILINE)
_SLOT = re.compile(r"\{(\w+)\}")
_COMMENTS = re.compile(r"\A(?:--.*\n)+")


def load(noun: str) -> dict[str, LiteralString]:
    """The queries of `sql/{noun}.sql` by name, with their parts put in.

    They are files of this repository and never built from input, which is what psycopg means by a literal string.
    Raises ValueError for a name that is given twice or a part that there is not.
    """
    shared, own = _read("parts"), _read(noun)
    parts = shared["part"] | own["part"]
    return {name: cast("LiteralString", _whole(text, parts)) for name, text in own["name"].items()}


def _read(file: str) -> dict[str, dict[str, str]]:
    """The queries and the parts of a file, by name."""
    text = files("lambdas.store").joinpath("sql", f"{file}.sql").read_text("utf-8")
    found: dict[str, dict[str, str]] = {"name": {}, "part": {}}
    _, *pieces = _TITLE.split(text)
    for sort, name, body in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
        if name in found[sort]:
            raise ValueError(f"sql/{file}.sql gives the name {name} twice")
        found[sort][name] = body.strip()
    return found


def _whole(text: str, parts: dict[str, str]) -> str:
    def part(slot: re.Match[str]) -> str:
        if slot[1] not in parts:
            raise ValueError(f"there is no part {slot[1]}")
        return _whole(_COMMENTS.sub("", parts[slot[1]]), parts)

    return _SLOT.sub(part, text)
