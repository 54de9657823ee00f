"""What a worker says, where a real queue would not do what the test needs."""

from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from contract.metrics import Meter
from gpu_worker.queue.events import EventSender
from gpu_worker.queue.in_flight import Receipt


class HalfDeaf:
    """SQS on a bad day: of a batch it takes all but the last."""

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        return {"Failed": [{"Id": Entries[-1]["Id"], "Code": "InternalError", "SenderFault": False}]}


def test_a_start_that_the_queue_did_not_take_is_an_error_though_others_were_taken() -> None:
    events = EventSender(HalfDeaf(), queue_url="q", worker="w1", patience_seconds=0, meter=Meter())
    with pytest.raises(ClientError, match="InternalError"):
        events.started([Receipt(uuid4(), 1, "t"), Receipt(uuid4(), 1, "t")])
