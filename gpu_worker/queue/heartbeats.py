"""What a worker does by the clock while others compute: heartbeats and visibility."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.catalogue import Queue
from contract.metrics import Meter
from gpu_worker.machine import memory
from gpu_worker.queue.events import Reporter
from gpu_worker.queue.in_flight import Delivery, Hands
from gpu_worker.queue.receiver import Inbox

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Post:
    """What the upkeep of one queue looks after."""

    queue: Queue
    inbox: Inbox
    hands: Hands


def every(seconds: float, act: Callable[[], None], *, stop: threading.Event) -> None:
    """Act now and then each so many seconds until `stop`; an action that fails is logged and comes again."""
    while not stop.is_set():
        try:
            act()
        except Exception as error:  # noqa: BLE001 -- the edge of a thread: a queue that restarts must not end it
            log.warning("upkeep failed", extra={"error": type(error).__name__})
        stop.wait(seconds)


def say_alive(posts: list[Post], *, reporter: Reporter, models: Callable[[Queue], Sequence[str]], slots: int) -> None:
    """Report each queue's slots, load and models."""
    ram, vram = memory.ram_bytes(), memory.vram_bytes()
    for post in posts:
        reporter.alive(
            post.queue,
            slots=slots,
            busy=min(slots, len(post.hands)),
            models=models(post.queue),
            ram_bytes=ram,
            vram_bytes=vram,
        )


def measure(posts: list[Post], *, meter: Meter, slots: int) -> None:
    """Publish each queue's slots and load, and what the machine's memory and GPU are at."""
    values: dict[str, float] = {"Slots": slots, "RamBytes": memory.ram_bytes(), "VramBytes": memory.vram_bytes()}
    if (percent := memory.gpu_percent()) is not None:
        values["GpuPercent"] = percent
    for post in posts:
        meter.put(values | {"Busy": min(slots, len(post.hands))}, of=post.queue)


def mark_busy(posts: list[Post], *, file: Path) -> None:
    """Have the file there exactly while a queue's hands hold something."""
    if any(len(post.hands) for post in posts):
        file.touch()
    else:
        file.unlink(missing_ok=True)


def renew_visibility(posts: list[Post]) -> None:
    """Keep the messages in hand invisible to other workers."""
    for post in posts:
        if receipts := [delivery.receipt for delivery in post.hands.all()]:
            post.inbox.renew(receipts)


def report_progress(posts: list[Post], *, reporter: Reporter, at_least: float, at_most: float) -> None:
    """Send the progress of deliveries that moved in the last `at_least` seconds or were silent for `at_most`."""
    now = time.monotonic()
    for post in posts:
        for delivery in post.hands.all():
            silent = now - delivery.reported_at
            moved = delivery.fraction > delivery.reported_fraction
            if delivery.is_open and (silent >= at_most or (moved and silent >= at_least)):
                _report(delivery, reporter=reporter, now=now)


def _report(delivery: Delivery, *, reporter: Reporter, now: float) -> None:
    delivery.seq += 1
    delivery.reported_fraction = delivery.fraction
    delivery.reported_at = now
    reporter.progress(
        delivery.ticket, seq=delivery.seq, fraction=delivery.reported_fraction, preview=delivery.showing.newest
    )
