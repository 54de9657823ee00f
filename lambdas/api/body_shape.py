"""Refuses bodies of a shape that no call has, before each of their parts is validated and answered for."""

from typing import Any, cast

from contract.faults import Fault, FaultCode
from lambdas.domain.errors import Invalid

MAX_KEYS = 64
"""Of one object."""
MAX_DEPTH = 32
MAX_VALUES = 2_000
"""Of the whole body, objects and lists included."""


def check(body: Any) -> None:
    """Raise Invalid for an object with too many keys, too many levels, or too many values in all."""
    values = 0
    level: list[Any] = [body]
    for _ in range(MAX_DEPTH):
        values += len(level)
        if values > MAX_VALUES:
            raise Invalid([Fault((), FaultCode.TOO_MANY_VALUES, {"maximum": MAX_VALUES})])
        level = [inner for part in level for inner in _inside(part)]
        if not level:
            return
    raise Invalid([Fault((), FaultCode.TOO_DEEP, {"maximum": MAX_DEPTH})])


def _inside(part: Any) -> list[Any]:
    if isinstance(part, dict):
        if len(cast("dict[str, Any]", part)) > MAX_KEYS:
            raise Invalid([Fault((), FaultCode.TOO_MANY_KEYS, {"maximum": MAX_KEYS})])
        return list(cast("dict[str, Any]", part).values())
    return cast("list[Any]", part) if isinstance(part, list) else []
