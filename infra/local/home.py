"""The folder that holds everything of one edition: where things stand in it, its lock and its secrets."""

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_NEEDED_BYTES = 500 * 1024 * 1024
_TICK_SECONDS = 0.05


class Refused(Exception):
    """Why the edition cannot do what was asked: a sentence for the person at the terminal."""


@dataclass(frozen=True)
class Home:
    """The paths of one edition; `root` is absolute, so that it names the same home in every process."""

    root: Path

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def objects(self) -> Path:
        return self.root / "s3"

    @property
    def queues(self) -> Path:
        return self.root / "queues"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def seed(self) -> Path:
        return self.root / "seed.json"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"


def open_home(path: Path) -> Home:
    """The home at this path, made when it is new. Raises Refused when nothing can be written there."""
    home = Home(path.expanduser().resolve())
    try:
        home.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (home.objects, home.queues, home.logs, home.models):
            folder.mkdir(exist_ok=True, mode=0o700)
        probe = home.root / ".probe"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise Refused(
            f"Nothing can be written to {home.root} ({error.strerror}). Name another folder: make run ATELIER_HOME=…"
        ) from error
    check_room(home)
    return home


def check_room(home: Home) -> None:
    """Raise Refused when the disk has too little left to be safe."""
    free = shutil.disk_usage(home.root).free
    if free < _NEEDED_BYTES:
        raise Refused(
            f"The disk of {home.root} is nearly full: {free / 1024**2:.0f} MB are left and at least"
            f" {_NEEDED_BYTES >> 20} MB are needed. Make room, or name a folder elsewhere: make run ATELIER_HOME=…"
        )


@contextmanager
def locked(home: Home, *, patience: float = 0) -> Iterator[IO[str]]:
    """Hold the home for oneself; the block may write into the lock what others should read.

    Raises Refused when another process still holds it after `patience` seconds: one that was killed lets go as it ends.
    """
    with (home.root / "lock").open("a+") as lock:
        give_up = time.monotonic() + patience
        while not _taken(lock):
            if time.monotonic() > give_up:
                raise Refused(_held(home, lock))
            time.sleep(_TICK_SECONDS)
        lock.truncate(0)
        yield lock


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _held(home: Home, lock: IO[str]) -> str:
    lock.seek(0)
    where = lock.read().strip() or "it is just starting"
    return (
        f"Atelier is already running on this home ({home.root}): {where}."
        " Stop it first (Ctrl-C there), or name another home: make run ATELIER_HOME=… ATELIER_PORT=…"
    )


def is_running(home: Home) -> bool:
    """Whether a supervisor holds the home right now."""
    try:
        with locked(home):
            return False
    except Refused:
        return True


def read_secrets(home: Home) -> dict[str, str]:
    """The random secrets of this home, drawn when they are first asked for; only their owner can read the file."""
    known: dict[str, str] = json.loads(home.secrets.read_text()) if home.secrets.exists() else {}
    wanted = {name: known.get(name) or secrets.token_hex(32) for name in ("api_secret", "storage_key")}
    if wanted != known:
        write_private(home.secrets, json.dumps(wanted, indent=1))
    return wanted


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, wholly or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with part.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
