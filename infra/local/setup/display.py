"""What a person sees of a set-up while it runs."""

import shutil
import sys
import time

_QUIET_SECONDS = 20


class Display:
    """One line per stage that moves on a terminal, and says now and then that it is alive elsewhere."""

    def __init__(self, *, total: int) -> None:
        self._total = total
        self._live = sys.stdout.isatty()
        self._said = time.monotonic()

    def start(self, number: int, title: str) -> None:
        """Name the stage."""
        self._head = f"[{number}/{self._total}] {title}"
        self._began = self._said = time.monotonic()
        self._write(f"{self._head} …")

    def move(self, activity: str) -> None:
        """Show what the stage is busy with."""
        seconds = time.monotonic() - self._began
        if self._live or time.monotonic() - self._said >= _QUIET_SECONDS:
            self._said = time.monotonic()
            self._write(f"{self._head} … {seconds:.0f} s  {activity[:80]}")

    def end(self) -> None:
        """Close the stage's line."""
        self._write(f"{self._head}: {time.monotonic() - self._began:.0f} s")
        if self._live:
            sys.stdout.write("\n")

    def _write(self, line: str) -> None:
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            sys.stdout.write(f"\r\x1b[2K{line[:width]}")
        else:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
