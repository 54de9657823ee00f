"""The times and sizes of the protocol that an operator may tune; who waits for them is for states and dispatch."""

from dataclasses import dataclass
from datetime import timedelta

from contract.limits import LEASE_SECONDS


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is out at a time, and how long silence is borne."""

    lease: timedelta = timedelta(seconds=LEASE_SECONDS)
    """From sending, or from the last event of a running task, until it counts as lost."""
    live: timedelta = timedelta(seconds=60)
    """A worker whose last heartbeat is younger is alive."""
    smallest_window: int = 8
    window_per_slot: int = 4
    per_account: int = 8
    guest_share: float = 0.2

    def window(self, slots: int) -> int:
        """The most tasks that are out in one queue when its live workers have this many slots."""
        return max(self.smallest_window, self.window_per_slot * slots)

    def guest_window(self, window: int) -> int:
        """How much of the window guests may hold while others wait."""
        return int(window * self.guest_share)
