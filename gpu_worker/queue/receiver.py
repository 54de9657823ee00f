"""Receives messages of one queue and decides which become deliveries; computing them is for `work.runner`."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from gpu_worker.queue import requests
from gpu_worker.queue.events import EventSender
from gpu_worker.queue.in_flight import Delivery, InFlight, PrefetchLimits, Receipt, Request, log_fields
from gpu_worker.queue.task_queue import SQS_BATCH, Message, TaskQueue

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0
"""After an error of the queue: it may be restarting."""


class Accept(Protocol):
    """Takes over deliveries after each receipt; `more` tells whether the queue probably has more of them."""

    def __call__(self, deliveries: Sequence[Delivery], *, more: bool) -> None: ...


class Receiver:
    """The loop that keeps a queue's messages in flight up to the prefetch: it polls while there is room."""

    def __init__(
        self, task_queue: TaskQueue, *, in_flight: InFlight, events: EventSender, accept: Accept,
        cost_of: Callable[[Request], float], prefetch: PrefetchLimits, wait_seconds: int, stop: threading.Event,
    ) -> None:  # fmt: skip
        self._task_queue = task_queue
        self._in_flight = in_flight
        self._events = events
        self._accept = accept
        self._cost_of = cost_of
        self._prefetch = prefetch
        self._wait_seconds = wait_seconds
        self._stop = stop
        self._admitting = threading.Lock()

    def run(self) -> None:
        """Receive until `stop` is set; an error of the queue is waited out."""
        while not self._stop.is_set():
            room = self._in_flight.wait_for_room(self._prefetch, timeout=1)
            if not room:
                continue
            try:
                self._receive(room)
            except (BotoCoreError, ClientError) as error:
                log.warning("queue does not answer", extra={"error": type(error).__name__})
                self._stop.wait(_PAUSE_SECONDS)

    def wait_until_admitted(self, *, timeout: float) -> None:
        """Wait until no message is received and not yet in flight here; none will be once `stop` is set."""
        if self._admitting.acquire(timeout=timeout):
            self._admitting.release()

    def _receive(self, room: int) -> None:
        messages = self._task_queue.receive(limit=room, wait_seconds=self._wait_seconds)
        more = len(messages) == min(room, SQS_BATCH)
        with self._admitting:
            try:
                if not self._stop.is_set():
                    self._accept(self._admitted(messages), more=more)
            finally:  # what was not admitted need not wait for its visibility to end
                self._task_queue.release([message.receipt_handle for message in messages])

    def _admitted(self, messages: list[Message]) -> list[Delivery]:
        """The deliveries in flight of these messages; takes out of the list what need not be released."""
        deliveries: list[Delivery] = []
        for message in list(messages):
            if delivery := self._delivery(message):
                deliveries.append(delivery)
            else:
                messages.remove(message)
        messages.clear()
        for delivery in deliveries:
            self._in_flight.add(delivery)
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
            self._task_queue.delete(message.receipt_handle)
            return None
        log.info("task taken", extra=log_fields(request))
        receipt = Receipt(task=request.task, attempt=request.attempt, token=request.token)
        return Delivery(
            receipt=receipt, request=request, receipt_handle=message.receipt_handle, cost=self._cost_of(request)
        )

    def _refuse(self, message: Message, error: requests.Unreadable) -> None:
        log.warning("unreadable message", extra={"code": error.failure.code, "addressed": error.receipt is not None})
        if error.receipt:
            self._events.failed(error.receipt, error.failure)
        self._task_queue.delete(message.receipt_handle)
