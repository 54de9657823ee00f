"""Reads the body of a queue message; a body that cannot be read still says, where it can, whom to tell."""

import json
from typing import Any, cast
from uuid import UUID

from pydantic import ValidationError

from contract.limits import MESSAGE_VERSION
from contract.messages import TASK_REQUESTED
from gpu_worker.delivery import Request, Ticket
from gpu_worker.failures import TaskFailure


class Unreadable(ValueError):
    """A body that is no request; `ticket` is None when not even its task can be told."""

    def __init__(self, ticket: Ticket | None, failure: TaskFailure) -> None:
        super().__init__(failure.code)
        self.ticket = ticket
        self.failure = failure


def read(body: str) -> Request:
    """The request in a message; raises Unreadable."""
    try:
        return TASK_REQUESTED.validate_json(body)
    except ValidationError:
        raise _unreadable(body) from None


def _unreadable(body: str) -> Unreadable:
    try:
        fields: Any = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        return Unreadable(None, _BAD)
    known = cast("dict[str, Any]", fields)
    return Unreadable(_ticket(known), _BAD if known.get("v") == MESSAGE_VERSION else _OTHER_VERSION)


def _ticket(fields: dict[str, Any]) -> Ticket | None:
    task, attempt, token = fields.get("task"), fields.get("attempt"), fields.get("token")
    if not (isinstance(task, str) and type(attempt) is int and isinstance(token, str)):
        return None
    try:
        token.encode()  # half of a surrogate pair could not be sent back
        return Ticket(task=UUID(task), attempt=attempt, token=token)
    except ValueError:
        return None


_BAD = TaskFailure("bad_message", "The request for this step could not be read by the worker.")
_OTHER_VERSION = TaskFailure(
    "other_version", "The worker that took this step is of another version than the site.", retryable=True
)
