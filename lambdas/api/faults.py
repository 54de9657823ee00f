"""pydantic's findings as faults of the contract: its types of error are many and its sentences quote what was sent."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contract.faults import Fault, FaultCode, Loc, Value
from contract.text import NAME_PATTERN, VISIBLE_PATTERN
from lambdas.api.shapes.accounts import EMAIL_PATTERN
from lambdas.api.shapes.base import HANDLE_PATTERN, IDEMPOTENCY_KEY_PATTERN, TAG_PATTERN, VERSION_ADDRESS_PATTERN

Context = Mapping[str, Any]

_PATTERNS = {
    NAME_PATTERN: FaultCode.BAD_NAME,
    VISIBLE_PATTERN: FaultCode.BLANK,
    EMAIL_PATTERN: FaultCode.BAD_EMAIL,
    HANDLE_PATTERN: FaultCode.BAD_HANDLE,
    IDEMPOTENCY_KEY_PATTERN: FaultCode.BAD_IDEMPOTENCY_KEY,
    TAG_PATTERN: FaultCode.BAD_TAG,
    VERSION_ADDRESS_PATTERN: FaultCode.BAD_VERSION,
}
_TYPES = {
    "bool_type": "true or false",
    "dict_type": "an object",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of fewer digits",
    "list_type": "a list",
    "model_attributes_type": "an object",
    "model_type": "an object",
    "string_type": "a text",
}
_OWN = frozenset(code.value for code in FaultCode)
"""What validators of our own raise with `contract.faults.refusal`."""
_QUOTED = re.compile(r"'([^']*)'")


def _same(code: FaultCode, **names: str) -> Callable[[Context], tuple[FaultCode, dict[str, Value]]]:
    """A finding that has this code; `names` are what its context calls each value."""
    return lambda context: (code, {name: context[theirs] for name, theirs in names.items()})


def _choices(context: Context) -> tuple[FaultCode, dict[str, Value]]:
    expected = context.get("expected_tags") or context["expected"]
    return FaultCode.NOT_ONE_OF, {"known": _QUOTED.findall(expected)}


_FINDINGS: dict[str, Callable[[Context], tuple[FaultCode, dict[str, Value]]]] = {
    "enum": _choices,
    "extra_forbidden": _same(FaultCode.UNKNOWN_FIELD),
    "greater_than": _same(FaultCode.NOT_ABOVE, limit="gt"),
    "greater_than_equal": _same(FaultCode.BELOW_MINIMUM, minimum="ge"),
    "less_than": _same(FaultCode.NOT_BELOW, limit="lt"),
    "less_than_equal": _same(FaultCode.ABOVE_MAXIMUM, maximum="le"),
    "literal_error": _choices,
    "missing": _same(FaultCode.MISSING),
    "multiple_of": _same(FaultCode.NOT_A_MULTIPLE, unit="multiple_of"),
    "string_pattern_mismatch": lambda context: (_PATTERNS.get(context["pattern"], FaultCode.INVALID), {}),
    "string_too_long": _same(FaultCode.TOO_LONG, maximum="max_length"),
    "string_too_short": _same(FaultCode.TOO_SHORT, minimum="min_length"),
    "string_unicode": _same(FaultCode.NOT_UNICODE),
    "too_long": _same(FaultCode.TOO_MANY_ITEMS, maximum="max_length"),
    "too_short": _same(FaultCode.TOO_FEW_ITEMS, minimum="min_length"),
    "union_tag_invalid": _choices,
    "union_tag_not_found": _same(FaultCode.MISSING),
}


def of(findings: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """The faults of a body or of parameters, in pydantic's order."""
    return [_fault(finding) for finding in findings]


def _fault(finding: Mapping[str, Any]) -> Fault:
    sort, context = finding["type"], finding.get("ctx") or {}
    loc = _without_tags(finding["loc"])
    if sort == "union_tag_not_found":
        loc = (*loc, context["discriminator"].strip("'"))
    if sort in _TYPES:
        return Fault(loc, FaultCode.WRONG_TYPE, {"expected": _TYPES[sort]})
    if sort in _FINDINGS:
        return Fault(loc, *_FINDINGS[sort](context))
    if sort in _OWN:
        return Fault(loc, FaultCode(sort), {name: value for name, value in context.items() if name != "said"})
    return Fault(loc, FaultCode.INVALID)


def _without_tags(loc: Sequence[str | int]) -> Loc:
    """A place as the caller wrote it: pydantic adds the kind of a step and the type of an input after the index."""
    return tuple(
        part
        for at, part in enumerate(loc)
        if not (at >= 2 and isinstance(loc[at - 1], int) and loc[at - 2] in {"steps", "inputs"})
    )
