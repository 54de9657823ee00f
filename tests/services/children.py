"""Child processes of the tests that end with the process that started them, however it ends: Ctrl-C and kill -9 too.

Each is the leader of a process group. A small process of its own session reads their numbers from a pipe; when the pipe
closes because the tests are gone, it ends the groups that are left. That holds for the children's children and without
anything that only Linux has.
"""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import psutil

_PATIENCE_SECONDS = 30
"""An edition stops its parts in order when it is asked to."""


def start(command: Sequence[str | Path], **options: Any) -> subprocess.Popen[bytes]:
    """A process in a group of its own that does not outlive this one; `options` are those of `subprocess.Popen`."""
    process = subprocess.Popen(command, start_new_session=True, **options)
    watch(process.pid)
    return process


def watch(group: int) -> None:
    """End this group when this process has ended."""
    _write(f"+{group}\n")


def forget(group: int) -> None:
    """The group has ended, and its number may become another's."""
    _write(f"-{group}\n")


def _write(line: str) -> None:
    pipe = _watcher().stdin
    assert pipe is not None
    pipe.write(line)
    pipe.flush()


@cache
def _watcher() -> "subprocess.Popen[str]":
    watcher = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, text=True, start_new_session=True)
    atexit.register(_leave, watcher)
    return watcher


def _leave(watcher: "subprocess.Popen[str]") -> None:
    """Let it do its work alone, without a warning that it still does."""
    assert watcher.stdin is not None
    watcher.stdin.close()
    watcher.returncode = 0


def _end(groups: set[int]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for group in groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while (groups := groups & _living_groups()) and time.monotonic() < give_up:
            time.sleep(0.05)


def _living_groups() -> set[int]:
    """The groups with a member that is more than a zombie."""
    found: set[int] = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.add(os.getpgid(process.pid))
    return found


def _watch_pipe() -> None:
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    _end(groups)


if __name__ == "__main__":
    _watch_pipe()
