"""What a person sees: one readable line per log line of any part, and a bar for work that takes long."""

import json
import shutil
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

_NAME_WIDTH = 9
_QUIET_FIELDS = {
    "timestamp", "level", "message", "location", "service", "logger", "name", "exception", "exception_name",
    "stack_trace", "cold_start", "function_name", "function_memory_size", "function_arn", "function_request_id",
    "sampling_rate", "xray_trace_id", "time", "at", "module", "line", "pid", "thread", "taskName",
}  # fmt: skip
_KEEP_BYTES = 20 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024


class Terminal:
    """Lines with time and part; a bar stays below them while there is one. Safe to use from several threads."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._lock = threading.Lock()
        self._bar = ""
        self._bar_quarter = -1

    def say(self, name: str, text: str) -> None:
        """Print one line of one part."""
        with self._lock:
            self._erase()
            now = datetime.now().astimezone().strftime("%H:%M:%S")
            for line in text.splitlines() or [""]:
                sys.stdout.write(f"{now} {name:<{_NAME_WIDTH}} {line}\n")
            self._draw()

    def show(self, text: str) -> None:
        """Print something that belongs to no part."""
        with self._lock:
            self._erase()
            sys.stdout.write(f"{text}\n")
            self._draw()

    def progress(self, title: str, fraction: float | None) -> None:
        """Show how far something is, 0 to 1; None takes the bar away. Without a terminal, a line per quarter."""
        with self._lock:
            self._erase()
            self._bar = "" if fraction is None else _bar(title, fraction)
            if not self._live and fraction is not None and int(fraction * 4) != self._bar_quarter:
                self._bar_quarter = int(fraction * 4)
                sys.stdout.write(f"{self._bar}\n")
            if fraction is None:
                self._bar_quarter = -1
            self._draw()

    def _erase(self) -> None:
        if self._live and self._bar:
            sys.stdout.write("\r\x1b[2K")

    def _draw(self) -> None:
        if self._live and self._bar:
            sys.stdout.write(self._bar[: shutil.get_terminal_size().columns - 1])
        sys.stdout.flush()


def _bar(title: str, fraction: float) -> str:
    filled = round(max(0.0, min(1.0, fraction)) * 24)
    return f"{title} [{'#' * filled}{'.' * (24 - filled)}] {fraction:4.0%}"


def readable(line: str) -> str:
    """A log line for people: JSON becomes its message and its telling fields, anything else stays as it is."""
    if not line.startswith("{"):
        return line
    try:
        record: dict[str, Any] = json.loads(line)
    except ValueError:
        return line
    level = str(record.get("level", "INFO")).upper()
    head = "" if level in {"INFO", "DEBUG"} else f"{level.lower()}: "
    fields = " ".join(f"{k}={_short(v)}" for k, v in record.items() if k not in _QUIET_FIELDS and v is not None)
    trace = str(record.get("exception") or "").strip().splitlines()
    return "  ".join(
        part for part in (f"{head}{record.get('message', '')}", fields, trace[-1] if trace else "") if part
    )


def progress_of(line: str) -> tuple[str, float] | None:
    """The title and fraction of a line that tells how far something is, or None for any other line."""
    if '"fraction"' not in line:
        return None
    try:
        record: dict[str, Any] = json.loads(line)
        return str(record["message"]), float(record["fraction"])
    except (ValueError, KeyError, TypeError):
        return None


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


class Follower:
    """Reads what is added to a log file, and keeps the file from growing without end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = path.stat().st_size if path.exists() else 0
        self._rest = b""

    def lines(self) -> Iterator[str]:
        """Every whole line since the last call."""
        while chunk := self._read():
            *whole, self._rest = (self._rest + chunk).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace").rstrip()
        if self._offset > _KEEP_BYTES:
            self._start_over()

    def _read(self) -> bytes:
        if not self._path.exists():
            return b""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            chunk = file.read(_CHUNK_BYTES)
        self._offset += len(chunk)
        return chunk

    def _start_over(self) -> None:
        # Its writer appends, so it goes on at the new end; one old file is kept.
        shutil.copyfile(self._path, self._path.with_suffix(".old.log"))
        with self._path.open("rb+") as file:
            file.truncate(0)
        self._offset = 0
