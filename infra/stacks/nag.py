"""Rules of cdk-nag that something here breaks on purpose, each with its reason, kept beside what it is about."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from aws_cdk import Acknowledgment, Reference, Stack, Tokenization, Validations
from constructs import Construct

PACK = "AwsSolutions"
METADATA = "atelier:acknowledged"
STRICT = "atelier:strict"
"""A context key: with it every acknowledgement is only noted, so that a test sees which of them are still needed."""


def acknowledge(scope: Construct, rule: str, reason: str) -> None:
    """Accept what the rule, `RDS11` for example, finds in this construct and below."""
    name = f"{PACK}-{rule}"
    scope.node.add_metadata(METADATA, name)
    if not scope.node.try_get_context(STRICT):
        # Without the pack's name before it an id matches nothing, and nobody is told.
        Validations.of(scope).acknowledge(Acknowledgment(id=f"{PACK}::{name}", reason=reason))


def acknowledge_wildcards(scope: Construct, resources: Iterable[str], reason: str) -> None:
    """Accept those of these resources of a role's policy that hold a wildcard, each by itself: no other is accepted."""
    for resource in dict.fromkeys(resources):
        if "*" in resource:
            acknowledge(scope, f"IAM5[Resource::{_as_found(Stack.of(scope), resource)}]", reason)


def _as_found(stack: Stack, resource: str) -> str:
    """The resource as cdk-nag writes it: references in angle brackets, to other stacks by the names of exports."""
    exports = dict(_exports(stack, resource))
    resolved = stack.resolve(resource)
    parts = [resolved] if isinstance(resolved, str) else resolved["Fn::Join"][1]
    return "".join(part if isinstance(part, str) else _reference(part, exports) for part in parts)


def _reference(part: dict[str, Any], exports: dict[str, str]) -> str:
    if (name := exports.get(json.dumps(part))) is not None:
        return name
    if "Ref" in part:
        return f"<{part['Ref']}>"
    return f"<{'.'.join(part['Fn::GetAtt'])}>"


def _exports(stack: Stack, resource: str) -> Iterator[tuple[str, str]]:
    """What the resource refers to in other stacks, with the names under which those export it."""
    for token in Tokenization.reverse_string(resource).tokens:
        if isinstance(token, Reference):
            producer = Stack.of(token.target)
            if producer.node.path != stack.node.path:
                imported = stack.resolve(producer.export_value(token))
                yield json.dumps(stack.resolve(token)), imported["Fn::ImportValue"]
