"""Keeps child processes running: starts them again when they die, ever more slowly, and ends them all."""

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from infra.local.home import Home, Refused
from infra.local.process import Program, end, last_words, nothing, quoted, spawn
from infra.local.terminal import readable

_TICK_SECONDS = 0.05
RESTART_WAITS = (0.2, 1, 2, 5, 10, 30)
"""Seconds before each further start of a part that keeps dying."""
_HEALTHY_SECONDS = 60
"""A part that lived this long begins anew with the first wait."""
_HOPELESS_DEATHS = 5
"""As many deaths in a row end a start that has not been through yet: some eight seconds, because what a killed start
left behind may need a moment to end."""

Say = Callable[[str, str], None]


class Stopped(Exception):
    """Somebody asked to stop meanwhile."""


@dataclass
class Part:
    """A program that is kept running; `before` runs before each further start, `after` behind it on its own thread."""

    program: Program
    before: Callable[[], None]
    after: Callable[[], None]
    process: subprocess.Popen[bytes]
    began: float
    deaths: int = 0
    due: float | None = None
    """When it is to be started again, on the monotonic clock; None while it runs."""


class Keeper:
    """The processes of one home. Safe to use from several threads."""

    def __init__(
        self, home: Home, *, say: Say, stop: threading.Event, waits: tuple[float, ...] = RESTART_WAITS
    ) -> None:
        self._home = home
        self._say = say
        self._stop = stop
        self._waits = waits
        self._lock = threading.Lock()
        self._parts: list[Part] = []
        self._passing: list[tuple[Program, subprocess.Popen[bytes]]] = []

    def keep(
        self, program: Program, *, before: Callable[[], None] = nothing, after: Callable[[], None] = nothing
    ) -> None:
        """Start a program and keep it running from now on. Raises Stopped."""
        with self._lock:
            process = self._spawn(program)
            self._parts.append(Part(program, before, after, process, time.monotonic()))

    def once(self, program: Program, *, wrong: str) -> None:
        """Run a program to its end. Raises Refused with `wrong` and its last words when it fails, or Stopped."""
        process = self.start(program)
        while process.poll() is None:
            self.tick()
            if self._stop.wait(_TICK_SECONDS):
                raise Stopped
        if process.returncode:
            raise Refused(f"{wrong}:\n{quoted(self._home, program.name)}")

    def start(self, program: Program) -> subprocess.Popen[bytes]:
        """Start a program that comes to an end by itself. Raises Stopped."""
        with self._lock:
            process = self._spawn(program)
            self._passing.append((program, process))
            return process

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        if self._stop.is_set():
            raise Stopped
        return spawn(program, home=self._home)

    def look(self) -> None:
        """Look after every part once while the product starts. Raises Refused when one keeps dying."""
        self.tick()
        self.check_hope()

    def tick(self) -> None:
        """Look after every part once: note who died, start again whose time has come."""
        with self._lock:
            for part in self._parts:
                if part.due is None and part.process.poll() is not None:
                    self._note_death(part)
                elif part.due is not None and time.monotonic() >= part.due:
                    self._start_again(part)

    def _note_death(self, part: Part) -> None:
        if time.monotonic() - part.began > _HEALTHY_SECONDS:
            part.deaths = 0
        wait = self._waits[min(part.deaths, len(self._waits) - 1)]
        part.deaths += 1
        part.due = time.monotonic() + wait
        name, code = part.program.name, part.process.returncode
        # A killed one had no time to say why.
        said = last_words(self._home, name, count=1) if code > 0 else []
        why = "".join(f" ({readable(line)})" for line in said)
        self._say(name, f"ended {_how(code)}{why}; starting it again in {wait:g} s")

    def _start_again(self, part: Part) -> None:
        try:
            part.before()
            part.process = self._spawn(part.program)
        except Exception as error:  # noqa: BLE001 - whatever is wrong now (a full disk, say) may pass
            self._say(part.program.name, f"could not be started: {error}")
            part.due = time.monotonic() + self._waits[-1]
            return
        part.began = time.monotonic()
        part.due = None
        threading.Thread(target=self._run_after, args=(part,), daemon=True).start()

    def _run_after(self, part: Part) -> None:
        try:
            part.after()
        except Exception as error:  # noqa: BLE001 - said, and another death brings another try
            self._say(part.program.name, f"is not ready: {error}")

    def restart(self, names: set[str]) -> None:
        """Ask the named parts to stop; `tick` starts them again, as if they had never died before."""
        with self._lock:
            for part in self._parts:
                if part.program.name in names and part.process.poll() is None:
                    part.deaths = 0
                    part.process.send_signal(part.program.stop_signal)

    def check_hope(self) -> None:
        """Raise Refused when a part keeps dying."""
        with self._lock:
            for part in self._parts:
                if part.deaths >= _HOPELESS_DEATHS:
                    name = part.program.name
                    raise Refused(
                        f"The part “{name}” keeps ending at once. Its last words:\n{quoted(self._home, name)}"
                    )

    def end(self, names: set[str], *, seconds: float, hurry: threading.Event) -> None:
        """End the named ones, by force after `seconds` or once `hurry` is set.

        `stop` has to be set, so that nothing starts any more.
        """
        with self._lock:
            everything = [(part.program, part.process) for part in self._parts] + self._passing
        for name in end([one for one in everything if one[0].name in names], seconds=seconds, hurry=hurry):
            self._say(name, "did not stop in time and was killed")


def _how(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"with code {code}"
