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
from gpu_worker.queue.events import EventSender
from gpu_worker.queue.in_flight import Delivery, InFlight
from gpu_worker.queue.task_queue import TaskQueue

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Consumer:
    """One queue of tasks as this worker uses it."""

    queue: Queue
    task_queue: TaskQueue
    in_flight: InFlight


def every(seconds: float, act: Callable[[], None], *, stop: threading.Event) -> None:
    """Act now and then each so many seconds until `stop`; an action that fails is logged and comes again."""
    while not stop.is_set():
        try:
            act()
        except Exception as error:  # noqa: BLE001 -- the edge of a thread: a queue that restarts must not end it
            log.warning("periodic action failed", extra={"error": type(error).__name__})
        stop.wait(seconds)


def report_alive(
    consumers: list[Consumer], *, events: EventSender, models: Callable[[Queue], Sequence[str]], slots: int
) -> None:
    """Report each queue's slots, load and models."""
    ram, vram = memory.ram_bytes(), memory.vram_bytes()
    for consumer in consumers:
        events.alive(
            consumer.queue,
            slots=slots,
            busy=min(slots, len(consumer.in_flight)),
            models=models(consumer.queue),
            ram_bytes=ram,
            vram_bytes=vram,
        )


def publish_metrics(consumers: list[Consumer], *, meter: Meter, slots: int) -> None:
    """Publish each queue's slots and load, and what the machine's memory and GPU are at."""
    values: dict[str, float] = {"Slots": slots, "RamBytes": memory.ram_bytes(), "VramBytes": memory.vram_bytes()}
    if (percent := memory.gpu_percent()) is not None:
        values["GpuPercent"] = percent
    for consumer in consumers:
        meter.put(values | {"Busy": min(slots, len(consumer.in_flight))}, of=consumer.queue)


def mark_busy(consumers: list[Consumer], *, file: Path) -> None:
    """Have the file there exactly while a message is in flight."""
    if any(len(consumer.in_flight) for consumer in consumers):
        file.touch()
    else:
        file.unlink(missing_ok=True)


def renew_visibility(consumers: list[Consumer]) -> None:
    """Keep the messages in flight invisible to other workers."""
    for consumer in consumers:
        if receipt_handles := [delivery.receipt_handle for delivery in consumer.in_flight.all()]:
            consumer.task_queue.renew(receipt_handles)


def report_waiting(consumers: list[Consumer], *, events: EventSender, after: float, every: float) -> None:
    """Report deliveries that have not begun `after` seconds from their receipt, and again `every` seconds."""
    now = time.monotonic()
    waiting = [
        delivery
        for consumer in consumers
        for delivery in consumer.in_flight.all()
        if delivery.is_open and not delivery.has_begun and now >= _next_report(delivery, after=after, every=every)
    ]
    events.received([delivery.receipt for delivery in waiting])
    for delivery in waiting:
        delivery.reported_waiting_at = now


def _next_report(delivery: Delivery, *, after: float, every: float) -> float:
    told_at = delivery.reported_waiting_at
    return delivery.received_at + after if told_at is None else told_at + every


def report_progress(consumers: list[Consumer], *, events: EventSender, at_least: float, at_most: float) -> None:
    """Send the progress of what is computed: where it moved in the last `at_least` seconds or was silent `at_most`."""
    now = time.monotonic()
    for consumer in consumers:
        for delivery in consumer.in_flight.all():
            silent = now - delivery.reported_at
            moved = delivery.fraction > delivery.reported_fraction
            if delivery.is_open and delivery.has_begun and (silent >= at_most or (moved and silent >= at_least)):
                _report(delivery, events=events, now=now)


def _report(delivery: Delivery, *, events: EventSender, now: float) -> None:
    delivery.seq += 1
    delivery.reported_fraction = delivery.fraction
    delivery.reported_at = now
    events.progress(
        delivery.receipt, seq=delivery.seq, fraction=delivery.reported_fraction, preview=delivery.preview.newest
    )
