"""One SQS queue of tasks: receiving, deleting and hiding its messages; what is in them is for `receiver`."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

log = logging.getLogger(__name__)

SQS_BATCH = 10
"""Messages of one call at most."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was received."""

    body: str
    receipt_handle: str


class TaskQueue:
    """One SQS queue of tasks; its methods may be called from any thread."""

    def __init__(self, sqs: Any, *, url: str, visibility_seconds: int) -> None:
        self._sqs = sqs
        self._url = url
        self._visibility = visibility_seconds

    def receive(self, *, limit: int, wait_seconds: int) -> list[Message]:
        """Up to `limit` messages; waits up to `wait_seconds` for the first."""
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(limit, SQS_BATCH),
            WaitTimeSeconds=wait_seconds,
            VisibilityTimeout=self._visibility,
        )
        return [Message(m["Body"], m["ReceiptHandle"]) for m in answer.get("Messages", [])]

    def delete(self, receipt_handle: str) -> None:
        """Take a message off the queue for good; a lost one only comes back, so errors are logged."""
        try:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=receipt_handle)
        except (BotoCoreError, ClientError) as error:
            log.warning("message not deleted", extra={"error": type(error).__name__})

    def renew(self, receipt_handles: Sequence[str]) -> None:
        """Keep these messages invisible to others for another while."""
        self._change_visibility(receipt_handles, seconds=self._visibility)

    def release(self, receipt_handles: Sequence[str]) -> None:
        """Let other workers have these messages at once."""
        self._change_visibility(receipt_handles, seconds=0)

    def _change_visibility(self, receipt_handles: Sequence[str], *, seconds: int) -> None:
        for some in in_tens(receipt_handles):
            entries = [
                {"Id": str(i), "ReceiptHandle": handle, "VisibilityTimeout": seconds} for i, handle in enumerate(some)
            ]
            self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)


def in_tens(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """The items in parts that one call takes."""
    return (items[at : at + SQS_BATCH] for at in range(0, len(items), SQS_BATCH))
