"""Sends messages to SQS and says how many wait there; what they mean is for others."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError

log = logging.getLogger(__name__)

_BATCH_MESSAGES = 10
_BATCH_BYTES = 240_000
"""Below what SQS takes in one call, in regions where that is still 256 KB."""


class Sendable(Protocol):
    """A message about a task: the queue's name in the catalogue, and the account as its group for fair queues."""

    @property
    def queue(self) -> str: ...
    @property
    def account_id(self) -> UUID: ...
    @property
    def task_id(self) -> UUID: ...
    @property
    def body(self) -> str: ...


def send_tasks(sqs: Any, messages: Iterable[Sendable], *, urls: Mapping[str, str]) -> list[UUID]:
    """Send messages to their queues, whose URLs are given by name, in order and in batches.

    Gives back the tasks whose messages were not taken, which are logged: sweep sends them again.
    """
    by_queue: defaultdict[str, list[Sendable]] = defaultdict(list)
    for message in messages:
        by_queue[message.queue].append(message)
    return [
        task_id
        for queue, waiting in by_queue.items()
        for batch in _batches(waiting)
        for task_id in _send(sqs, urls[queue], batch)
    ]


def is_empty(sqs: Any, url: str) -> bool:
    """Whether no message waits in a queue or is being handled; False when the queue does not answer."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    try:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    except (BotoCoreError, ClientError) as error:
        log.warning("queue does not answer", extra={"error": type(error).__name__})
        return False
    return all(int(attributes[name]) == 0 for name in names)


def _batches(messages: Iterable[Sendable]) -> Iterator[list[Sendable]]:
    batch: list[Sendable] = []
    size = 0
    for message in messages:
        length = len(message.body.encode())
        if batch and (len(batch) == _BATCH_MESSAGES or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += length
    if batch:
        yield batch


def _send(sqs: Any, url: str, batch: Sequence[Sendable]) -> list[UUID]:
    entries = [
        {"Id": str(index), "MessageBody": message.body, "MessageGroupId": str(message.account_id)}
        for index, message in enumerate(batch)
    ]
    try:
        answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    except (BotoCoreError, ClientError) as error:
        return _not_sent([message.task_id for message in batch], reason=type(error).__name__)
    failed = answer.get("Failed", [])
    if not failed:
        return []
    return _not_sent([batch[int(entry["Id"])].task_id for entry in failed], reason=failed[0]["Code"])


def _not_sent(task_ids: list[UUID], *, reason: str) -> list[UUID]:
    log.warning("tasks not sent", extra={"task_ids": [str(task_id) for task_id in task_ids], "reason": reason})
    return task_ids
