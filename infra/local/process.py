"""Child processes of one home: how they are started, how they end, and how orphans of a killed start are found."""

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from infra.local.home import Home
from infra.local.settings import ROOT

_HOME, _PART = "ATELIER_HOME", "ATELIER_PART"
_TICK_SECONDS = 0.02
_LAST_LINES = 12


@dataclass(frozen=True)
class Program:
    """What is run as a part: its command, and what its environment has beside the common one."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    user: str | None = None
    files: tuple[int, ...] = ()
    """Open file descriptors that it inherits."""
    folder: Path = ROOT
    """Where it starts."""


def nothing() -> None:
    """What is called where nothing is to be done."""


def python(*arguments: str) -> tuple[str, ...]:
    """A command line of this very Python."""
    return (sys.executable, *arguments)


def spawn(program: Program, *, home: Home) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own; what it says goes to the end of its log."""
    with log_file(home, program.name).open("ab") as log:
        return subprocess.Popen(
            program.command,
            cwd=program.folder,
            env=_environment(program, home=home),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **as_user(program.user),
            pass_fds=program.files,
        )


def as_user(name: str | None) -> dict[str, Any]:
    """Arguments of `subprocess` that run a program as this user and nothing of ours; None changes nothing."""
    if name is None:
        return {}
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": ()}


def log_file(home: Home, name: str) -> Path:
    """Where a part's output is kept."""
    return home.logs / f"{name}.log"


def last_words(home: Home, name: str, *, count: int = _LAST_LINES) -> list[str]:
    """The last lines of a part's log that say something, at most `count`."""
    log = log_file(home, name)
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    return [line.strip() for line in lines if line.strip()][-count:]


def quoted(home: Home, name: str) -> str:
    """The end of a part's log for a person: indented, with the place of the rest."""
    return "\n".join(f"    {line}" for line in [*last_words(home, name), f"(more in {log_file(home, name)})"])


def _environment(program: Program, *, home: Home) -> dict[str, str]:
    # Handed on as it is, without the credentials of whoever starts the edition.
    own = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}  # noqa: TID251
    marks = {_HOME: str(home.root), _PART: program.name, "PYTHONUNBUFFERED": "1"}
    return {**own, **program.environment, **marks}


@dataclass(frozen=True)
class Orphan:
    """A process that an earlier start of this home left behind."""

    name: str
    process: psutil.Process


def orphans(home: Home) -> list[Orphan]:
    """Processes that some start of this home made; to be asked by whoever holds its lock.

    A process belongs to the home when its own environment says so: numbers in a file could meanwhile be another's.
    """
    found: list[Orphan] = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except psutil.Error:
            continue
        if environment.get(_HOME) == str(home.root) and _PART in environment and process.pid != os.getpid():
            found.append(Orphan(environment[_PART], process))
    return found


_FIRST_TO_END = ("page", "seed", "worker", "loop", "api")
"""The rest, queues and database, ends when nobody needs it any more."""


def end_orphans(found: list[Orphan], *, seconds: float = 10) -> None:
    """End them in the order in which a running edition stops; by force after `seconds` each half."""
    for wanted in (True, False):
        half = [orphan for orphan in found if (orphan.name in _FIRST_TO_END) == wanted]
        for orphan in half:
            _send(orphan.process, signal.SIGINT if orphan.name == "postgres" else signal.SIGTERM)
        alive = wait_for_end([orphan.process for orphan in half], seconds=seconds)
        for process in alive:
            _send(process, signal.SIGKILL)
        wait_for_end(alive, seconds=5)


def is_dead(process: psutil.Process) -> bool:
    """Whether it can do nothing any more. A zombie is dead: in many a container nobody ever reaps it."""
    try:
        return not process.is_running() or process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.NoSuchProcess:
        return True


def wait_for_end(processes: list[psutil.Process], *, seconds: float) -> list[psutil.Process]:
    """Those that are still alive after so many seconds; returns as soon as there are none."""
    give_up = time.monotonic() + seconds
    while alive := [process for process in processes if not is_dead(process)]:
        if time.monotonic() > give_up:
            break
        time.sleep(_TICK_SECONDS)
    return alive


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def end(
    processes: Iterable[tuple[Program, subprocess.Popen[bytes]]], *, seconds: float, hurry: threading.Event
) -> list[str]:
    """Ask each to stop, all at once, and kill the groups of those that have not after `seconds` or once `hurry` is set.

    Returns the names of the killed ones.
    """
    running = [(program, process) for program, process in processes if process.poll() is None]
    for program, process in running:
        process.send_signal(program.stop_signal)
    give_up = time.monotonic() + seconds
    while any(process.poll() is None for _, process in running):
        if time.monotonic() > give_up or hurry.wait(_TICK_SECONDS):
            break
    killed = [(program, process) for program, process in running if process.poll() is None]
    for _, process in killed:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return [program.name for program, _ in killed]
