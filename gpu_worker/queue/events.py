"""What a worker says about itself and its tasks: events on their way to SQS `events`."""

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from contract.catalogue import Queue
from contract.limits import PROTOCOL
from contract.messages import Alive, Failed, Output, Progress, Received, Released, Safety, Started, Succeeded
from contract.metrics import Meter
from gpu_worker import failures
from gpu_worker.failures import TaskFailure
from gpu_worker.machine import hardware
from gpu_worker.queue.in_flight import Receipt
from gpu_worker.queue.task_queue import in_tens

log = logging.getLogger(__name__)


class EventSender:
    """Sends events; its methods may be called from any thread and raise when SQS refuses."""

    def __init__(self, sqs: Any, *, queue_url: str, worker: str, patience_seconds: float, meter: Meter) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._worker = worker
        self._patience = patience_seconds
        self._meter = meter

    def alive(
        self, queue: Queue, *, slots: int, busy: int, models: Sequence[str], ram_bytes: int, vram_bytes: int
    ) -> None:
        self._send(
            Alive(
                **self._envelope(),
                queue=queue,
                slots=slots,
                busy=busy,
                models=list(models),
                ram_bytes=ram_bytes,
                vram_bytes=vram_bytes,
                protocol=PROTOCOL,
            )
        )

    def received(self, receipts: Sequence[Receipt]) -> None:
        """Say that these wait; raises as well when SQS took only some of them."""
        self._send_together([Received(**self._envelope(receipt)) for receipt in receipts])

    def started(self, receipts: Sequence[Receipt]) -> None:
        """Say that these are being computed; raises as well when SQS took only some of them."""
        self._send_together([Started(**self._envelope(receipt)) for receipt in receipts])

    def progress(self, receipt: Receipt, *, seq: int, fraction: float, preview: str | None) -> None:
        self._send(Progress(**self._envelope(receipt), seq=seq, fraction=fraction, preview=preview))

    def succeeded(
        self, receipt: Receipt, *, seconds: float, computed_seconds: float | None, batch: int,
        outputs: Sequence[Output], safety: Safety | None,
    ) -> None:  # fmt: skip
        envelope = self._envelope(receipt)
        event = Succeeded(
            **envelope,
            seconds=seconds,
            computed_seconds=computed_seconds,
            batch=batch,
            hardware=hardware.name(),
            outputs=list(outputs),
            safety=safety,
        )
        self._send(event, patience=self._patience)

    def failed(self, receipt: Receipt, failure: TaskFailure) -> None:
        if failure.code != failures.CANCELLED:
            self._meter.put({"TaskFailures": 1}, of=failure.code)
        event = Failed(
            **self._envelope(receipt),
            code=failure.code,
            detail=failure.detail,
            retryable=failure.retryable,
            safety=failure.safety,
        )
        self._send(event, patience=self._patience)

    def released(self, receipt: Receipt) -> None:
        self._send(Released(**self._envelope(receipt)))

    def _envelope(self, receipt: Receipt | None = None) -> dict[str, Any]:
        envelope: dict[str, Any] = {"worker": self._worker, "sent_at": datetime.now(tz=UTC)}
        if receipt:
            envelope |= {
                "task": receipt.task,
                "attempt": receipt.attempt,
                "token": receipt.token,
                "delivery": receipt.delivery,
            }
        return envelope

    def _send_together(self, events: Sequence[BaseModel]) -> None:
        for some in in_tens(events):
            entries = [{"Id": str(i), "MessageBody": event.model_dump_json()} for i, event in enumerate(some)]
            answer = self._sqs.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
            if failed := answer.get("Failed"):
                raise ClientError({"Error": {"Code": failed[0]["Code"]}}, "SendMessageBatch")

    def _send(self, event: BaseModel, *, patience: float = 0) -> None:
        body = event.model_dump_json()
        give_up = time.monotonic() + patience
        while True:
            try:
                self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=body)
            except (BotoCoreError, ClientError) as error:
                if time.monotonic() >= give_up:
                    raise
                log.warning("event not sent, trying again", extra={"error": type(error).__name__})
                time.sleep(1)
            else:
                return
