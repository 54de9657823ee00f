"""What the event source mapping and EventBridge do on AWS: hands events to `advance` and calls `sweep` by the clock."""

import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config

from contract.logs import JsonFormatter
from infra.local.settings import LoopSettings

Handler = Callable[[dict[str, Any], Any], Any]

_BATCH = 10
_POLL_SECONDS = 10
_RETRY_SECONDS = (0.2, 0.5, 1, 2, 4, 8, 8, 8)
"""Together under the visibility of `events`: after that the messages come again anyway."""
_LAST_WORDS_SECONDS = 5
_QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:events"


@dataclass(frozen=True)
class Context:
    """What Powertools wants to know of a Lambda invocation."""

    function_name: str
    memory_limit_in_mb: int = 512
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:000000000000:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def say(level: str, message: str, **fields: Any) -> None:
    """One JSON line, as the parts of the product write them."""
    print(json.dumps({"level": level, "message": message, **fields}, ensure_ascii=False), flush=True)


def lambda_event(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Received messages in the shape in which the event source mapping hands them to a function."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message.get("Attributes", {}),
                "messageAttributes": {},
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": _QUEUE_ARN,
                "awsRegion": "us-east-1",
            }
            for message in messages
        ]
    }


class Loop:
    """Both threads' work; one handler runs at a time, so that SIGTERM can wait for the one at work."""

    def __init__(self, settings: LoopSettings, *, advance: Handler, sweep: Handler) -> None:
        self._settings = settings
        self._advance = advance
        self._sweep = sweep
        self._turn = threading.Lock()
        self._resend = threading.Event()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        config = Config(read_timeout=_POLL_SECONDS + 10, retries={"max_attempts": 1})
        self._sqs: Any = boto3.client("sqs", endpoint_url=settings.aws_endpoint_url, config=config)

    def receive_for_ever(self) -> None:
        """Hand events on; after an outage of the queue have everything sent again, since its messages may be lost."""
        outage = False
        while not self._stopping.is_set():
            try:
                messages = self._receive()
                if outage:
                    outage = False
                    say("INFO", "the queues are back; sending unfinished tasks again")
                    self.sweep_soon(resend=True)
                if messages:
                    self._hand_on(messages)
            except Exception as error:  # noqa: BLE001 - this thread has to outlive every outage
                if not outage:
                    say("WARNING", "cannot reach the queues; trying on", reason=type(error).__name__)
                outage = True
                self._stopping.wait(0.5)

    def _receive(self) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self._settings.events_queue_url,
            MaxNumberOfMessages=_BATCH,
            WaitTimeSeconds=_POLL_SECONDS,
            MessageSystemAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def _hand_on(self, messages: list[dict[str, Any]]) -> None:
        answer = self._call_advance(lambda_event(messages))
        if answer is None:
            return
        failed = {item["itemIdentifier"] for item in answer.get("batchItemFailures", [])}
        done = [message for message in messages if message["MessageId"] not in failed]
        if done:
            entries = [{"Id": str(k), "ReceiptHandle": message["ReceiptHandle"]} for k, message in enumerate(done)]
            self._sqs.delete_message_batch(QueueUrl=self._settings.events_queue_url, Entries=entries)

    def _call_advance(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """The function's answer; None when it kept failing (the database is away) and the messages will come again."""
        for seconds in _RETRY_SECONDS:
            try:
                with self._turn:
                    return dict(self._advance(event, Context("advance")) or {})
            except Exception as error:  # noqa: BLE001 - on AWS, too, a raise leaves the batch to come again
                self._complain("advance", error)
                time.sleep(seconds)
        return None

    def sweep_soon(self, *, resend: bool = False) -> None:
        """Let the next sweep begin now; with `resend`, everything unfinished is sent again."""
        if resend:
            self._resend.set()
        self._wake.set()

    def sweep_for_ever(self) -> None:
        """Sweep by the clock, and at once when asked."""
        while not self._stopping.is_set():
            self._wake.wait(timeout=self._settings.sweep_seconds)
            self._wake.clear()
            resend = self._resend.is_set()
            self._resend.clear()
            if not self._sweep_once(resend=resend):
                if resend:
                    self._resend.set()
                time.sleep(1)
                self._wake.set()

    def _sweep_once(self, *, resend: bool) -> bool:
        event = {"resend": "all"} if resend else {"source": "aws.events", "detail-type": "Scheduled Event"}
        try:
            with self._turn:
                self._sweep(event, Context("sweep"))
        except Exception as error:  # noqa: BLE001 - the next minute is another chance
            self._complain("sweep", error)
            return False
        return True

    def _complain(self, name: str, error: Exception) -> None:
        say("ERROR", f"{name} raised", exception="".join(traceback.format_exception(error)))

    def stop(self) -> None:
        """Wait for the handler at work, if any; both threads end with their next look."""
        self._stopping.set()
        self._wake.set()
        if self._turn.acquire(timeout=_LAST_WORDS_SECONDS):
            self._turn.release()


def _log_as_json() -> None:
    lines = logging.StreamHandler(sys.stdout)
    lines.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[lines], level=logging.WARNING)
    logging.getLogger("lambdas").setLevel(logging.INFO)


def main() -> None:
    """Run until SIGTERM."""
    from lambdas.advance.handler import handler as advance
    from lambdas.sweep.handler import handler as sweep

    _log_as_json()
    loop = Loop(LoopSettings(), advance=advance, sweep=sweep)  # type: ignore[call-arg]
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    loop.sweep_soon(resend=True)
    for work in (loop.receive_for_ever, loop.sweep_for_ever):
        threading.Thread(target=work, daemon=True).start()
    stopped.wait()
    loop.stop()
    sys.stdout.flush()
    # Not sys.exit: the long poll of the other thread would hold the process for seconds.
    os._exit(0)


if __name__ == "__main__":
    main()
