"""Contracts as releases spoke them, from `recorded/`; `python -m tests.contract.contracts` prints today's schemas.

`later.json` is of no release: it is what a later one may add to `0.1.0.json`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.messages import EVENT, TASK_REQUESTED

_RECORDED = Path(__file__).parent / "recorded"
_ONLY_WORDS = ("title", "description", "additionalProperties")
"""Of a schema. Readers pass over what they do not know, also where a spec may not have it."""

Messages = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Contract:
    """A sample of every request by kind and of every event by its name, with every field that it may have."""

    requests: Messages
    events: Messages
    schemas: dict[str, Any]
    """JSON schemas of requests and events; empty for `later`."""


def recorded(version: str) -> Contract:
    """What this version's functions and workers sent."""
    fields = json.loads((_RECORDED / f"{version}.json").read_text("utf-8"))
    return Contract(fields["requests"], fields["events"], fields.get("schemas", {}))


def schemas() -> dict[str, Any]:
    """JSON schemas of today's requests and events, without words for people."""
    return {"requests": _bare(TASK_REQUESTED.json_schema()), "events": _bare(EVENT.json_schema())}


def _bare(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_bare(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {each: _bare(of) for each, of in part.items()} if name in ("properties", "$defs") else _bare(part)
        for name, part in schema.items()
        if name not in _ONLY_WORDS
    }


if __name__ == "__main__":
    print(json.dumps(schemas(), indent=1))
