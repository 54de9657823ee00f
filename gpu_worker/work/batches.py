"""The rows that wait for a queue's compute thread, and how they are put together to batches."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from contract.catalogue import Model
from contract.kinds import Kind
from gpu_worker.engines.base import Row
from gpu_worker.queue.in_flight import Delivery

_MOST_PASSED = 3
_GATHER_SECONDS = 0.05
"""Longer than S3 takes to answer, shorter than anybody notices."""


@dataclass(eq=False, slots=True)
class BatchSlot:
    """A place in a batch: a row, the delivery whose output `k` it is, and the model that makes it."""

    delivery: Delivery
    k: int
    row: Row
    model: Model
    key: Hashable = field(default=None, init=False)
    """What the rows of its batch share; None until its model was loaded."""
    times_passed: int = field(default=0, init=False)
    """How many full batches of other rows went before it although it was next."""

    @property
    def kind(self) -> Kind:
        return Kind(self.delivery.request.kind)


@dataclass(frozen=True, slots=True)
class BatchRules:
    """How batches are put together."""

    is_strict: bool
    """Whether each model has one batch shape, so that bytes never depend on the crowd."""
    switch_seconds: float
    """How long a row waits at most while others have the models that are loaded already."""


class WaitingRows:
    """Rows in the order in which they came; rows that nobody wants any more vanish."""

    def __init__(self) -> None:
        self._slots: list[BatchSlot] = []
        self._expected = 0
        self._more = False
        self._closed = False
        self._changed = threading.Condition()

    def expect(self, deliveries: int, *, more: bool) -> None:
        """Know that the rows of so many deliveries are on their way, and whether the queue has more of them."""
        with self._changed:
            self._expected += deliveries
            self._more = more

    def add(self, slots: list[BatchSlot]) -> None:
        """Let the rows of a delivery wait: none when it turned out to have no work."""
        with self._changed:
            self._expected -= 1
            self._slots.extend(slots)
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def discard(self, deliveries: set[Delivery]) -> None:
        """Forget the rows of deliveries that have come to nothing."""
        with self._changed:
            self._slots = [slot for slot in self._slots if slot.delivery not in deliveries]

    def put_back(self, slots: list[BatchSlot]) -> None:
        """Let rows that were taken be next again."""
        with self._changed:
            self._slots[:0] = slots

    def next(self, *, prefers: Callable[[BatchSlot], bool], patience: float) -> BatchSlot | None:
        """The row that is next; waits for one. None once closed.

        It is the oldest; but until that has been here for `patience` seconds, the oldest of those that are preferred.
        """
        with self._changed:
            self._changed.wait_for(self._has_some)
            if self._closed:
                return None
            oldest = self._slots[0]
            if time.monotonic() - oldest.delivery.received_at >= patience:
                return oldest
            return next(filter(prefers, self._slots), oldest)

    def prefer_full(
        self, first: BatchSlot, *, key: Callable[[BatchSlot], Hashable], limit: Callable[[BatchSlot], int]
    ) -> BatchSlot:
        """The row itself, or the oldest one whose batch would be full where that of the row would not.

        The latter only while the queue has more: companions are probably on their way. A row is passed so three times.
        """
        with self._changed:
            if not self._more or first.times_passed == _MOST_PASSED:
                return first
            self._drop_unwanted()
            rows = Counter(map(key, self._slots))
            for slot in (first, *self._slots):
                if slot.key is not None and rows[slot.key] >= limit(slot):
                    first.times_passed += slot is not first
                    return slot
            return first

    def take(
        self, *, limit: int, fits: Callable[[BatchSlot], bool], patience: float = _GATHER_SECONDS
    ) -> list[BatchSlot]:
        """Up to `limit` of the rows that fit, oldest first; rows of several deliveries share a batch.

        While there are fewer, waits up to `patience` seconds for those that are on their way.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_gathered(limit, fits), timeout=patience)
            taken = [slot for slot in self._slots if fits(slot)][:limit]
            self._slots = [slot for slot in self._slots if slot not in taken]
        return taken

    def _is_gathered(self, limit: int, fits: Callable[[BatchSlot], bool]) -> bool:
        self._drop_unwanted()
        return self._closed or not self._expected or sum(map(fits, self._slots)) >= limit

    def _has_some(self) -> bool:
        self._drop_unwanted()
        return self._closed or bool(self._slots)

    def _drop_unwanted(self) -> None:
        self._slots = [slot for slot in self._slots if slot.delivery.is_open]
