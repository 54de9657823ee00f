"""Messages in flight: deliveries between the receipt of a message and their final event."""

import math
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from contract.keys import new_delivery
from contract.messages import TaskRequested

if TYPE_CHECKING:
    from concurrent.futures import Future

    from gpu_worker.engines.base import Made

Request = TaskRequested


def log_fields(request: Request) -> dict[str, str]:
    """What every log line about a request names."""
    return {"run_id": str(request.run), "task_id": str(request.task)}


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt of a task's message, as every event about it names it."""

    task: UUID
    attempt: int
    token: str
    delivery: str = field(default_factory=new_delivery)


@dataclass(slots=True)
class PreviewState:
    """Which previews of a delivery's unfinished pictures there are; `work.previews` alone touches it."""

    since: float | None = None
    """When the first step was made; None before it."""
    at: float = 0.0
    fraction: float = 0.0
    """When a preview was due last, and how far the delivery was then."""
    uploads: "dict[str, Future[None]]" = field(default_factory=dict)
    """Previews that are stored or being stored, by key."""
    newest: str | None = None
    """The key of the newest that is stored."""


@dataclass(eq=False, slots=True)
class Delivery:
    """One receipt of a task's message; whoever closes it first sends its final event."""

    receipt: Receipt
    request: Request
    receipt_handle: str
    """By which SQS knows this receipt."""
    cost: float = 0
    """Megapixel-steps of all its outputs, as `contract.costs` tells them."""
    received_at: float = field(default_factory=time.monotonic)
    reported_waiting_at: float | None = field(default=None, init=False)
    """When it was last said that the task is here and waits; None before the first time."""
    begun_at: float = field(default=math.inf, init=False)
    """When the compute thread first took one of its rows; never, so far, is infinite."""
    announced: "Future[None] | None" = field(default=None, init=False)
    """Done once it was said that computing has begun."""
    computed_seconds: float | None = field(default=None, init=False)
    """From then to the last output; None before that is made."""
    fractions: list[float] = field(init=False)
    """How far each output is, 0 to 1; written by the compute thread alone."""
    made: "dict[int, Made]" = field(default_factory=dict, init=False)
    """Finished outputs by k; written by the compute thread alone."""
    batch: int = field(default=1, init=False)
    """The most rows that were computed together with one of this delivery's."""
    start_digest: str | None = field(default=None, init=False)
    """SHA-256 of the picture file that the step starts from."""
    preview: PreviewState = field(default_factory=PreviewState, init=False)
    seq: int = field(default=0, init=False)
    reported_fraction: float = field(default=0.0, init=False)
    reported_at: float = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _open: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self.fractions = [0.0] * len(self.request.seeds)
        self.reported_at = self.received_at

    @property
    def is_open(self) -> bool:
        """Whether anybody still wants what this delivery makes."""
        return self._open

    @property
    def has_begun(self) -> bool:
        """Whether the compute thread has taken one of its rows."""
        return self.begun_at < math.inf

    @property
    def fraction(self) -> float:
        """How far the task is, 0 to 1."""
        return min(1.0, sum(self.fractions) / len(self.fractions))

    @property
    def cost_left(self) -> float:
        """The part of its cost that is still to be computed."""
        return self.cost * (1 - self.fraction)

    @property
    def done_at(self) -> float:
        """When it will be done if it goes on as fast as it went, infinite where nothing tells; as time.monotonic."""
        if not self.fraction:
            return math.inf
        now = time.monotonic()
        return now + max(0.0, now - self.begun_at) * (1 - self.fraction) / self.fraction

    def begin(self) -> bool:
        """Note that the compute thread has taken one of its rows; whether that is the first."""
        if self.has_begun:
            return False
        self.begun_at = self.reported_at = time.monotonic()
        return True

    def add(self, k: int, made: "Made", *, batch: int) -> bool:
        """Keep output `k`, which was computed in a batch of so many rows; whether that is the last."""
        self.fractions[k] = 1.0
        self.batch = max(self.batch, batch)
        self.made[k] = made
        if len(self.made) < len(self.fractions):
            return False
        self.computed_seconds = time.monotonic() - self.begun_at
        return True

    def close(self) -> bool:
        """Take the right to send the final event; False when it is taken."""
        with self._lock:
            was_open, self._open = self._open, False
        return was_open

    def log_fields(self) -> dict[str, str]:
        """What every log line about this delivery names."""
        return log_fields(self.request)


@dataclass(frozen=True, slots=True)
class PrefetchLimits:
    """How many messages of a queue are received before those in flight are done."""

    slots: int
    """Tasks that are computed together."""
    ahead: int
    """Tasks beyond them; half of these are asked for at once, since a receipt costs as much for one as for ten."""
    cost: float
    """No more are taken while so much is left to compute, however few they are."""


class InFlight:
    """The deliveries of one queue that are not done with, including those whose final event is on its way."""

    def __init__(self) -> None:
        self._held: dict[str, Delivery] = {}
        self._newest_cost = 0.0
        self._changed = threading.Condition()

    def add(self, delivery: Delivery) -> None:
        with self._changed:
            self._held[delivery.receipt.delivery] = delivery
            self._newest_cost = delivery.cost

    def remove(self, delivery: Delivery) -> None:
        with self._changed:
            self._held.pop(delivery.receipt.delivery, None)
            self._changed.notify_all()

    def all(self) -> list[Delivery]:
        """Every delivery in flight, oldest first."""
        with self._changed:
            return list(self._held.values())

    def __len__(self) -> int:
        return len(self._held)

    def wait_for_room(self, prefetch: PrefetchLimits, *, timeout: float) -> int:
        """How many more to ask for; waits up to `timeout` seconds while there is room for none."""
        with self._changed:
            self._changed.wait_for(lambda: self._room(prefetch), timeout=timeout)
            return self._room(prefetch)

    def _room(self, prefetch: PrefetchLimits) -> int:
        """What a message costs is known only once it is here: the next are taken to cost what the newest did."""
        tasks = prefetch.slots + prefetch.ahead - len(self._held)
        cost = prefetch.cost - sum(delivery.cost_left for delivery in self._held.values())
        if tasks < max(1, prefetch.ahead // 2) or cost <= 0:
            return 0
        return min(tasks, math.ceil(cost / self._newest_cost)) if self._newest_cost else tasks

    def wait_until_empty(self, *, timeout: float) -> bool:
        """Whether all are gone within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._held, timeout=timeout)
