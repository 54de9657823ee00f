"""Reads the named queries of `sql/*.sql`; what they mean is for the module of each noun."""

import re
from importlib.resources import files
from typing import LiteralString, cast

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def load(noun: str) -> dict[str, LiteralString]:
    """The queries of `sql/{noun}.sql` by name.

    They are files of this repository and never built from input, which is what psycopg means by a literal string.
    """
    text = files("lambdas.store").joinpath("sql", f"{noun}.sql").read_text("utf-8")
    parts = _NAME.split(text)[1:]
    names, bodies = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"sql/{noun}.sql names a query twice")
    return {name: cast("LiteralString", body.strip()) for name, body in zip(names, bodies, strict=True)}
