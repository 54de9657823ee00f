"""Hands many rows to one statement as a JSON parameter; what is in them is for each noun."""

import json
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from psycopg.types.json import Jsonb


def records(rows: Iterable[Any]) -> Jsonb:
    """Mappings or flat dataclasses as an array for `jsonb_to_recordset`; ids and times are written as text."""
    return Jsonb([_mapping(row) for row in rows], dumps=_dumps)


def _mapping(row: Any) -> Any:
    if not is_dataclass(row):
        return row
    return {name: getattr(row, name) for name in _names(type(row))}


@cache
def _names(cls: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cls))


def _dumps(value: Any) -> str:
    return json.dumps(value, default=str)
