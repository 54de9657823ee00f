"""Takes messages off one queue and decides which become work; computing that work is the lane's."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from contract.limits import GIVE_UP_RECEIVES
from gpu_worker import failures
from gpu_worker.queue import requests
from gpu_worker.queue.events import Reporter
from gpu_worker.queue.in_flight import Delivery, Hands, Reach, Request, Ticket, log_fields

log = logging.getLogger(__name__)

_SQS_BATCH = 10
_PAUSE_SECONDS = 1.0
"""After an error of the queue: it may be restarting."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was received; `receives` counts this receipt too."""

    body: str
    receipt: str
    receives: int


class Accept(Protocol):
    """Takes over deliveries after each receipt; `more` tells whether the queue probably has more of them."""

    def __call__(self, deliveries: Sequence[Delivery], *, more: bool) -> None: ...


class Inbox:
    """One SQS queue as a worker uses it; its methods may be called from any thread."""

    def __init__(self, sqs: Any, *, url: str, visibility_seconds: int) -> None:
        self._sqs = sqs
        self._url = url
        self._visibility = visibility_seconds

    def receive(self, *, limit: int, wait_seconds: int) -> list[Message]:
        """Up to `limit` messages; waits up to `wait_seconds` for the first."""
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(limit, _SQS_BATCH),
            WaitTimeSeconds=wait_seconds,
            VisibilityTimeout=self._visibility,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [
            Message(m["Body"], m["ReceiptHandle"], int(m["Attributes"]["ApproximateReceiveCount"]))
            for m in answer.get("Messages", [])
        ]

    def delete(self, receipt: str) -> None:
        """Take a message off the queue for good; a lost one only comes back, so errors are logged."""
        try:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=receipt)
        except (BotoCoreError, ClientError) as error:
            log.warning("message not deleted", extra={"error": type(error).__name__})

    def renew(self, receipts: Sequence[str]) -> None:
        """Keep these messages invisible to others for another while."""
        self._change_visibility(receipts, seconds=self._visibility)

    def give_back(self, receipts: Sequence[str]) -> None:
        """Let other workers have these messages at once."""
        self._change_visibility(receipts, seconds=0)

    def _change_visibility(self, receipts: Sequence[str], *, seconds: int) -> None:
        for some in _in_tens(receipts):
            entries = [
                {"Id": str(i), "ReceiptHandle": receipt, "VisibilityTimeout": seconds} for i, receipt in enumerate(some)
            ]
            self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)


class Receiver:
    """The loop that keeps a lane's hands full: it polls without a pause while there is room."""

    def __init__(
        self, inbox: Inbox, *, hands: Hands, reporter: Reporter, accept: Accept, price: Callable[[Request], float],
        reach: Reach, wait_seconds: int, stop: threading.Event,
    ) -> None:  # fmt: skip
        self._inbox = inbox
        self._hands = hands
        self._reporter = reporter
        self._accept = accept
        self._price = price
        self._reach = reach
        self._wait_seconds = wait_seconds
        self._stop = stop
        self._admitting = threading.Lock()

    def run(self) -> None:
        """Receive until `stop` is set; an error of the queue is waited out."""
        while not self._stop.is_set():
            room = self._hands.wait_for_room(self._reach, timeout=1)
            if not room:
                continue
            try:
                self._receive(room)
            except (BotoCoreError, ClientError) as error:
                log.warning("queue does not answer", extra={"error": type(error).__name__})
                self._stop.wait(_PAUSE_SECONDS)

    def settle(self, *, timeout: float) -> None:
        """Wait until no message is between its receipt and the lane's hands; none will be once `stop` is set."""
        if self._admitting.acquire(timeout=timeout):
            self._admitting.release()

    def _receive(self, room: int) -> None:
        messages = self._inbox.receive(limit=room, wait_seconds=self._wait_seconds)
        more = len(messages) == min(room, _SQS_BATCH)
        with self._admitting:
            try:
                if not self._stop.is_set():
                    self._accept(self._admitted(messages), more=more)
            finally:  # what was not admitted need not wait for its visibility to end
                self._inbox.give_back([message.receipt for message in messages])

    def _admitted(self, messages: list[Message]) -> list[Delivery]:
        """The messages as work in hand, without those that are none; takes out what needs no giving back."""
        deliveries: list[Delivery] = []
        for message in list(messages):
            if delivery := self._delivery(message):
                deliveries.append(delivery)
            else:
                messages.remove(message)
        if deliveries:
            self._reporter.started([delivery.ticket for delivery in deliveries])
        messages.clear()
        for delivery in deliveries:
            self._hands.add(delivery)
        return deliveries

    def _delivery(self, message: Message) -> Delivery | None:
        """The work in a message; None when there is none and the message is done with."""
        try:
            request = requests.read(message.body)
        except requests.Unreadable as error:
            self._refuse(message, error)
            return None
        if request.deadline < datetime.now(tz=UTC):
            log.info("message was too old", extra=log_fields(request))
            self._inbox.delete(message.receipt)
            return None
        log.info("task taken", extra=log_fields(request))
        ticket = Ticket(task=request.task, attempt=request.attempt, token=request.token)
        if message.receives >= GIVE_UP_RECEIVES:
            self._give_up(message, request, ticket)
            return None
        return Delivery(ticket=ticket, request=request, receipt=message.receipt, cost=self._price(request))

    def _give_up(self, message: Message, request: Request, ticket: Ticket) -> None:
        log.warning("gave up", extra=log_fields(request))
        self._reporter.started([ticket])
        self._reporter.failed(ticket, failures.gave_up())
        self._inbox.delete(message.receipt)

    def _refuse(self, message: Message, error: requests.Unreadable) -> None:
        log.warning("unreadable message", extra={"code": error.failure.code, "addressed": error.ticket is not None})
        if error.ticket:
            self._reporter.started([error.ticket])
            self._reporter.failed(error.ticket, error.failure)
        self._inbox.delete(message.receipt)


def _in_tens(receipts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (receipts[at : at + _SQS_BATCH] for at in range(0, len(receipts), _SQS_BATCH))
