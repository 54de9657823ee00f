"""Ends a worker on a signal: what fits into the time is finished, the rest is released at once."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

from gpu_worker.queue.events import EventSender
from gpu_worker.queue.heartbeats import Consumer
from gpu_worker.queue.in_flight import Delivery
from gpu_worker.queue.receiver import Receiver

log = logging.getLogger(__name__)

FINAL_EVENT_SECONDS = 3.0
"""For events that are on their way when the signal comes."""


def on_signals(stop: threading.Event) -> None:
    """Set `stop` at the first SIGTERM or SIGINT; end the process at the second."""
    signalled = False

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal signalled
        # Not asked of the event: a second signal may come while the first is inside of it, holding its lock.
        if signalled:
            os._exit(128 + number)
        signalled = True
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def drain(consumers: list[Consumer], *, receivers: list[Receiver], events: EventSender, seconds: float) -> None:
    """Give back at once whatever will not be done within so many seconds, and wait until the rest is."""
    until = time.monotonic() + seconds
    for receiver in receivers:
        receiver.wait_until_admitted(timeout=FINAL_EVENT_SECONDS)
    _release(consumers, events=events, which=lambda delivery: delivery.done_at > until)
    for consumer in consumers:
        consumer.in_flight.wait_until_empty(timeout=max(0.0, until - time.monotonic()))


def release(consumers: list[Consumer], *, events: EventSender) -> None:
    """Give back every delivery that has no final event on its way, then wait a moment for those that have."""
    _release(consumers, events=events, which=lambda _: True)
    for consumer in consumers:
        consumer.in_flight.wait_until_empty(timeout=FINAL_EVENT_SECONDS)


def _release(consumers: list[Consumer], *, events: EventSender, which: Callable[[Delivery], bool]) -> None:
    for consumer in consumers:
        released = [delivery for delivery in consumer.in_flight.all() if which(delivery) and delivery.close()]
        _give_back(released, consumer, events=events)
        for delivery in released:
            consumer.in_flight.remove(delivery)
            log.info("task released", extra=delivery.log_fields())


def _give_back(deliveries: Sequence[Delivery], consumer: Consumer, *, events: EventSender) -> None:
    """Report each and delete its message, for the database sends another: two would be computed twice.

    Once the events queue does not answer nobody is waited for any more: the rest goes to whoever asks the queue next.
    """
    for i, delivery in enumerate(deliveries):
        try:
            events.released(delivery.receipt)
        except Exception:
            log.exception("release not reported", extra=delivery.log_fields())
            _show_again(deliveries[i:], consumer)
            return
        consumer.task_queue.delete(delivery.receipt_handle)


def _show_again(deliveries: Sequence[Delivery], consumer: Consumer) -> None:
    try:
        consumer.task_queue.release([delivery.receipt_handle for delivery in deliveries])
    except Exception:
        log.exception("messages not released")
