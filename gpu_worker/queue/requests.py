"""Reads the body of a queue message; a body that cannot be read still says, where it can, whom to tell."""

import json
from typing import Any, cast
from uuid import UUID

from pydantic import ValidationError

from contract.limits import MAX_ATTEMPTS, MAX_TEXT_CHARACTERS, MAX_TOKEN_CHARACTERS, MESSAGE_VERSION
from contract.messages import read_request
from gpu_worker.failures import TaskFailure
from gpu_worker.queue.in_flight import Receipt, Request


class Unreadable(ValueError):
    """A body that is no request; `receipt` is None when not even its task can be told."""

    def __init__(self, receipt: Receipt | None, failure: TaskFailure) -> None:
        super().__init__(failure.code)
        self.receipt = receipt
        self.failure = failure


def read(body: str) -> Request:
    """The request in a message; raises Unreadable."""
    try:
        return read_request(body)
    except ValidationError as error:
        raise _unreadable(body, error) from None


def _unreadable(body: str, error: ValidationError) -> Unreadable:
    try:
        fields: Any = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        return Unreadable(None, _BAD)
    known = cast("dict[str, Any]", fields)
    if known.get("v") != MESSAGE_VERSION:
        return Unreadable(_receipt(known), _OTHER_VERSION)
    return Unreadable(_receipt(known), _beyond_limits(error) or _BAD)


def _beyond_limits(error: ValidationError) -> TaskFailure | None:
    """What to say when values of params are too large, long or small and nothing else is wrong.

    It names the params and their rules, never what was sent.
    """
    faults = error.errors(include_url=False, include_input=False)
    if not all(fault["type"] in _SIZES and _is_param(fault["loc"]) for fault in faults):
        return None
    found = {fault["type"] for fault in faults}
    if "blank" in found:
        return _EMPTY
    if "string_too_long" in found:
        return _TOO_LONG
    rules = "; ".join(f"{fault['loc'][-1]} {fault['msg'].removeprefix('Input ')}" for fault in faults)
    return TaskFailure("beyond_limits", f"This step asks for what no model does: {rules}.")


def _is_param(loc: tuple[int | str, ...]) -> bool:
    """Whether a fault stands at a param that people set; the picture to start from is set by the site."""
    return loc[1:2] == ("params",) and loc[-1] != "image"


def _receipt(fields: dict[str, Any]) -> Receipt | None:
    task, attempt, token = fields.get("task"), fields.get("attempt"), fields.get("token")
    if not (isinstance(task, str) and type(attempt) is int and isinstance(token, str)):
        return None
    if len(token) > MAX_TOKEN_CHARACTERS or not 1 <= attempt <= MAX_ATTEMPTS:
        return None
    try:
        token.encode()  # half of a surrogate pair could not be sent back
        return Receipt(task=UUID(task), attempt=attempt, token=token)
    except ValueError:
        return None


_SIZES = {
    *("greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of"),
    *("string_too_long", "blank"),
}
"""Pydantic's names, and one of the contract's own, of the rules that only look at how large or long a value is."""

_BAD = TaskFailure("bad_message", "The request for this step could not be read by the worker.")
_OTHER_VERSION = TaskFailure(
    "other_version", "The worker that took this step is of another version than the site.", retryable=True
)
_EMPTY = TaskFailure("prompt_empty", "With everything filled in, the prompt is empty.")
_TOO_LONG = TaskFailure(
    "prompt_too_long",
    f"With everything filled in, a text of this step has more than {MAX_TEXT_CHARACTERS:,} characters. Shorten the "
    "prompt, the inputs, or what the steps before it write.",
)
