"""Prompt templates: `{{name}}` is replaced once, `{{{{` writes a literal `{{`, anything else is a fault."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from contract.faults import FaultCode, sentence

_OPENING = re.compile(r"\{\{(\{\{)?")
_REFERENCE = re.compile(r"\{\{([a-z][a-z0-9_]{0,31})\}\}")


class TemplateError(ValueError):
    """A `{{` that is neither a reference nor escaped, at a character counted from 1."""

    def __init__(self, position: int) -> None:
        super().__init__(sentence(FaultCode.MALFORMED_REFERENCE, {"position": position}))
        self.position = position


@dataclass(frozen=True, slots=True)
class Reference:
    """A `{{name}}` and the character at which it stands, counted from 1."""

    name: str
    position: int


def parse(template: str) -> list[str | Reference]:
    """The literal parts and references of a template in order; raises TemplateError."""
    parts: list[str | Reference] = []
    at = 0
    while opening := _OPENING.search(template, at):
        parts.append(template[at : opening.start()])
        if opening[1]:
            parts.append("{{")
            at = opening.end()
            continue
        reference = _REFERENCE.match(template, opening.start())
        if reference is None:
            raise TemplateError(opening.start() + 1)
        parts.append(Reference(name=reference[1], position=opening.start() + 1))
        at = reference.end()
    parts.append(template[at:])
    return [part for part in parts if part]


def references(template: str) -> list[Reference]:
    """The references of a template in order; raises TemplateError."""
    return [part for part in parse(template) if isinstance(part, Reference)]


def resolve(template: str, values: Mapping[str, str]) -> str:
    """The template with each reference replaced by its value; values are inserted as they are, never parsed.

    Raises KeyError when a referenced name has no value.
    """
    return "".join(part if isinstance(part, str) else values[part.name] for part in parse(template))
