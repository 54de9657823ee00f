"""The migrations as a resource of CloudFormation: what is asked, and the answer it waits for.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

import json
import logging
from collections.abc import Callable
from traceback import format_tb
from typing import Any
from urllib.request import Request, urlopen

import psycopg

log = logging.getLogger(__name__)

_PHYSICAL_ID = "migrations"
"""Always the same: a database is never replaced by another because its migrations grew."""
_REASON_CHARACTERS = 1_000
_ANSWER_SECONDS = 20


def answer(event: dict[str, Any], *, carried: str, apply: Callable[[], list[str]]) -> list[str]:
    """Apply the migrations if it is this code's turn, and tell CloudFormation how it went; the files applied now.

    A request for other migrations than the code carries comes during a rollback: the database is ahead then, which
    every version bears, so nothing is done. Nor is anything when the stack is deleted: the data outlives it.
    """
    applied: list[str] = []
    status, reason = "SUCCESS", ""
    wanted = event.get("ResourceProperties", {}).get("Migrations")
    if event["RequestType"] != "Delete" and wanted == carried:
        try:
            applied = apply()
        except Exception as error:  # noqa: BLE001 - an edge: whatever it is, the deployment has to hear of it
            status, reason = "FAILED", _reason(error)
            # Not the exception as it stands: a database's may quote rows, and rows hold what people wrote.
            log.error("migrations not applied", extra={"reason": reason, "trace": format_tb(error.__traceback__)})  # noqa: TRY400
    log.info("migrations", extra={"request": event["RequestType"], "applied": applied, "status": status})
    _send(event, status=status, reason=reason)
    return applied


def _reason(error: Exception) -> str:
    """What an operator reads among the stack's events: never a row, which the rest of a database's error may quote."""
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    where = "".join(f"{note}: " for note in getattr(error, "__notes__", ()))
    return f"{where}{type(error).__name__}: {said or error}"[:_REASON_CHARACTERS]


def _send(event: dict[str, Any], *, status: str, reason: str) -> None:
    body = {
        "Status": status,
        "Reason": reason or "done",
        "PhysicalResourceId": _PHYSICAL_ID,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    # S3 has signed the address for an empty content type.
    request = Request(  # noqa: S310 - CloudFormation's own address
        event["ResponseURL"], data=json.dumps(body).encode(), method="PUT", headers={"Content-Type": ""}
    )
    with urlopen(request, timeout=_ANSWER_SECONDS):  # noqa: S310
        pass
