"""Runs what is missing of a set-up, one command at a time."""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO

from infra.local.setup.display import Display
from infra.local.setup.programs import ROOT
from infra.local.setup.stages import STAMPS, Stage

_CACHE = ROOT / ".cache" / "setup"
_NEEDED_BYTES = 4 * 1024**3


class SetupFailed(Exception):
    """A sentence for the person at the terminal."""


def _follow(command: tuple[str, ...], *, cwd: Path, display: Display, log: IO[str]) -> list[str]:
    """Run a command, showing its newest line; returns its last lines when it fails and nothing when it succeeds."""
    process = subprocess.Popen(
        command, cwd=cwd, text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lines: Queue[str] = Queue()
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    reader = Thread(target=_pump, args=(process.stdout, lines), daemon=True)
    reader.start()
    tail: list[str] = []
    activity = ""
    while reader.is_alive() or not lines.empty():
        try:
            line = lines.get(timeout=0.5)
            log.write(line)
            tail = [*tail[-29:], line.rstrip()]
            activity = line.strip() or activity
        except Empty:
            log.flush()
        display.move(activity)
    return tail if process.wait() else []


def _pump(stream: IO[str], lines: "Queue[str]") -> None:
    for line in stream:
        lines.put(line)


def _run(stage: Stage, *, display: Display) -> None:
    (STAMPS / stage.name).unlink(missing_ok=True)
    fingerprint = stage.fingerprint()
    with (_CACHE / "setup.log").open("a") as log:
        for command in stage.commands:
            log.write(f"\n$ {' '.join(command)}\n")
            if failure := _follow(command, cwd=stage.cwd, display=display, log=log):
                raise SetupFailed(_explain(stage, failure))
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / stage.name).write_text(fingerprint)


def _explain(stage: Stage, lines: list[str]) -> str:
    shown = "\n".join(f"    {line}" for line in lines)
    advice = "The whole output is in .cache/setup/setup.log. Running the same command again goes on from here."
    if stage.name == "venv":
        advice = "On Debian and Ubuntu the package python3-venv may be missing (apt-get install python3-venv)."
    return f"\nSetting up “{stage.title}” failed:\n{shown}\n{advice}"


def _check_room(stages: list[Stage]) -> None:
    free = shutil.disk_usage(ROOT).free
    if any(stage.name == "torch" for stage in stages) and free < _NEEDED_BYTES:
        raise SetupFailed(
            f"The first set-up needs about {_NEEDED_BYTES >> 30} GB, but the disk of {ROOT} has only"
            f" {free / 1024**3:.1f} GB left."
        )


@contextmanager
def _alone() -> Iterator[None]:
    """Two commands started at once set up one after the other."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stdout.write("Waiting for another set-up in this folder …\n")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def set_up(stages: tuple[Stage, ...]) -> None:
    """Run what has not run on the present files yet."""
    with _alone():
        missing = [stage for stage in stages if not stage.is_done()]
        _check_room(missing)
        display = Display(total=len(missing))
        for number, stage in enumerate(missing, start=1):
            # An earlier stage may have made a later one's files, or done its work.
            display.start(number, stage.title)
            _run(stage, display=display)
            display.end()
