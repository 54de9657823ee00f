"""The rows that wait for a lane's compute thread, and how they are put together to batches."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from gpu_worker.delivery import Delivery
from gpu_worker.engines.base import Row


@dataclass(frozen=True, slots=True, eq=False)
class Seat:
    """A row, and the delivery whose output `k` it is."""

    delivery: Delivery
    k: int
    row: Row


@dataclass(frozen=True, slots=True)
class Rules:
    """How batches are put together."""

    is_strict: bool
    """Whether each model has one batch shape, so that bytes never depend on the crowd."""
    switch_seconds: float
    """How long a row waits at most while others have the models that are loaded already."""


class Waiting:
    """Rows in the order in which they came; rows that nobody wants any more vanish."""

    def __init__(self) -> None:
        self._seats: list[Seat] = []
        self._closed = False
        self._changed = threading.Condition()

    def add(self, seats: list[Seat]) -> None:
        with self._changed:
            self._seats.extend(seats)
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def put_back(self, seats: list[Seat]) -> None:
        """Let rows that were taken be next again."""
        with self._changed:
            self._seats[:0] = seats

    def next(self, *, prefers: Callable[[Seat], bool], patience: float) -> Seat | None:
        """The row that is next; waits for one. None once closed.

        It is the oldest; but until that has been here for `patience` seconds, the oldest of those that are preferred.
        """
        with self._changed:
            self._changed.wait_for(self._has_some)
            if self._closed:
                return None
            oldest = self._seats[0]
            if time.monotonic() - oldest.delivery.received_at >= patience:
                return oldest
            return next(filter(prefers, self._seats), oldest)

    def take(self, *, limit: int, fits: Callable[[Seat], bool]) -> list[Seat]:
        """Up to `limit` of the rows that fit, oldest first; rows of several deliveries share a batch."""
        taken: list[Seat] = []
        with self._changed:
            self._drop_unwanted()
            for seat in list(self._seats):
                if len(taken) == limit:
                    break
                if fits(seat):
                    taken.append(seat)
                    self._seats.remove(seat)
        return taken

    def _has_some(self) -> bool:
        self._drop_unwanted()
        return self._closed or bool(self._seats)

    def _drop_unwanted(self) -> None:
        self._seats = [seat for seat in self._seats if seat.delivery.is_open]
