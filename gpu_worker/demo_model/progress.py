"""Progress lines of the training on standard output: share done, loss, speed and time left."""

import time

_EVERY_SECONDS = 15.0


class Progress:
    """Prints a line every 15 seconds and at the end."""

    def __init__(self, stage: str, *, total: int, done: int = 0) -> None:
        self._stage, self._total, self._first = stage, total, done
        self._start = self._last = time.monotonic()

    def show(self, done: int, **figures: float) -> None:
        """Report that so many of the total are done, with named figures such as the loss."""
        now = time.monotonic()
        if now - self._last < _EVERY_SECONDS and done < self._total:
            return
        self._last = now
        speed = max(done - self._first, 1) / max(now - self._start, 1e-6)
        left = (self._total - done) / speed
        shown = " ".join(f"{name} {value:.4f}" for name, value in figures.items())
        print(f"{self._stage}: {done}/{self._total} {shown} {speed:.1f}/s, {left / 60:.1f} min left", flush=True)
