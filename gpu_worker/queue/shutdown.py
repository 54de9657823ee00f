"""Ends a worker that is told to stop: what fits into the time is finished, the rest goes back at once."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from gpu_worker.queue.events import Reporter
from gpu_worker.queue.heartbeats import Post
from gpu_worker.queue.in_flight import Delivery
from gpu_worker.queue.receiver import Receiver

log = logging.getLogger(__name__)

FAREWELL_SECONDS = 3.0
"""For events that are on their way when the signal comes."""


def on_signals(stop: threading.Event) -> None:
    """Set `stop` at the first SIGTERM or SIGINT; end the process at the second."""
    told = False

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal told
        # Not asked of the event: a second signal may come while the first is inside of it, holding its lock.
        if told:
            os._exit(128 + number)
        told = True
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def finish(posts: list[Post], *, receivers: list[Receiver], reporter: Reporter, seconds: float) -> None:
    """Give back at once whatever will not be done within so many seconds, and wait until the rest is."""
    until = time.monotonic() + seconds
    for receiver in receivers:
        receiver.settle(timeout=FAREWELL_SECONDS)
    _give_back(posts, reporter=reporter, which=lambda delivery: delivery.done_at > until)
    for post in posts:
        post.hands.wait_until_empty(timeout=max(0.0, until - time.monotonic()))


def release(posts: list[Post], *, reporter: Reporter) -> None:
    """Give back every delivery that has no final event on its way, then wait a moment for those that have."""
    _give_back(posts, reporter=reporter, which=lambda _: True)
    for post in posts:
        post.hands.wait_until_empty(timeout=FAREWELL_SECONDS)


def _give_back(posts: list[Post], *, reporter: Reporter, which: Callable[[Delivery], bool]) -> None:
    for post in posts:
        given_back = [delivery for delivery in post.hands.all() if which(delivery) and delivery.close()]
        for delivery in given_back:
            try:
                reporter.released(delivery.ticket)
            except Exception:
                log.exception("release not reported", extra=delivery.log_fields())
        try:
            post.inbox.give_back([delivery.receipt for delivery in given_back])
        except Exception:
            log.exception("messages not given back")
        for delivery in given_back:
            post.hands.remove(delivery)
            log.info("task released", extra=delivery.log_fields())
