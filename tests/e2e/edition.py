"""Starts what `make run` starts, on a home of its own, and lets tests look at its processes."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from infra.local.home import Home
from infra.local.process import orphans
from tests.services import children
from tests.services.ministack import free_port
from tests.wait import until

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / ".cache" / "models"
"""Converted once and shared by every home that tests make."""
SHORT_TIMES = {
    "ATELIER_VISIBILITY_SECONDS": "6",
    "ATELIER_VISIBILITY_RENEW_SECONDS": "2",
    "ATELIER_LEASE_SECONDS": "25",
    "ATELIER_HEARTBEAT_SECONDS": "1.5",
    "ATELIER_PROGRESS_MIN_SECONDS": "0.3",
    "ATELIER_ALIVE_SECONDS": "1",
    "ATELIER_SWEEP_SECONDS": "1",
}
"""So that what is lost is missed within seconds."""
_READY = re.compile(r"Atelier is ready: (http://\S+)")


def _own_environment() -> dict[str, str]:
    """The tests' environment without what would change the edition."""
    everything = os.environ.items()  # noqa: TID251 - handed on, not read
    return {name: value for name, value in everything if not name.startswith(("AWS_", "ATELIER_"))}


class Edition:
    """One home with at most one supervisor; it can be killed and started again."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.home = Home(root.resolve())
        self._log = root.parent / f"{root.name}.log"
        self._environment = {
            **_own_environment(),
            "ATELIER_HOME": str(self.home.root),
            "ATELIER_PORT": str(free_port()),
            "ATELIER_SEED": "0",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.address = ""

    def start(self) -> str:
        """Start it and wait for the page; returns its address."""
        MODELS.mkdir(parents=True, exist_ok=True)
        self.home.root.mkdir(parents=True, exist_ok=True)
        if not self.home.models.exists():
            self.home.models.symlink_to(MODELS)
        began = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self.process = self.run_beside("run", stdout=log)

        def ready() -> re.Match[str] | None:
            assert self.process is not None
            said = self._log.read_bytes()[began:].decode()
            assert self.process.poll() is None, f"it ended:\n{said}"
            return _READY.search(said)

        self.address = until(ready, seconds=120)[1]
        return self.address

    def run_beside(
        self, *arguments: str, stdout: object = subprocess.PIPE, **environment: str
    ) -> subprocess.Popen[bytes]:
        """A command of the edition in the environment of this home."""
        command = [sys.executable, "-m", "infra.local", *arguments]
        return children.start(
            command,
            cwd=ROOT,
            env={**self._environment, **environment},
            stdout=stdout,
            stderr=subprocess.STDOUT,
        )

    def stop(self) -> str:
        """Stop it as Ctrl-C does; returns all that it said."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)
        self.process = None
        return self._log.read_text()

    def part(self, name: str) -> psutil.Process:
        """The process of one part, once it is up."""

        def running() -> psutil.Process | None:
            return next((found.process for found in orphans(self.home) if found.name == name), None)

        return until(running)

    def kill(self, name: str) -> None:
        """Kill -9 a part, and wait until another one is in its place."""
        victim = self.part(name)
        victim.kill()
        until(lambda: self.part(name).pid != victim.pid)

    def kill_everything(self) -> None:
        """Kill -9 the supervisor, its parts and their children, all at once, and reap none of them."""
        assert self.process is not None
        started = [found.process for found in orphans(self.home)]
        children = [child for process in started for child in process.children(recursive=True)]
        for process in [psutil.Process(self.process.pid), *started, *children]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def parts(self) -> list[str]:
        """The names of the parts that run, each as often as it does."""
        return sorted(found.name for found in orphans(self.home))


@contextmanager
def an_edition(**environment: str) -> Iterator[Edition]:
    """A started edition that is stopped at the end, whatever happened to it.

    Not under pytest's folder: each start of pytest closes that to other users, and under root PostgreSQL is one.
    """
    with TemporaryDirectory(prefix="atelier-e2e-", ignore_cleanup_errors=True) as folder:
        edition = Edition(Path(folder) / "home", environment)
        try:
            edition.start()
            yield edition
        finally:
            if edition.process is not None and edition.process.poll() is None:
                edition.stop()
            for left in orphans(edition.home):
                left.process.kill()
