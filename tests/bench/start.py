"""How long somebody waits for the page: after a fresh clone with warm package caches, and at every later start."""

import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from tests.bench.rows import Row
from tests.services.ministack import free_port

_ROOT = Path(__file__).resolve().parents[2]
_GIVE_UP_SECONDS = 900
_LATER_STARTS = 3


def rows() -> list[Row]:
    """A fresh clone of the committed state, then later starts of it, each through `make run`."""
    with TemporaryDirectory(prefix="atelier-start-") as folder:
        clone = Path(folder) / "atelier"
        began = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", str(_ROOT), str(clone)], check=True)
        with _running(clone):
            fresh = time.monotonic() - began
        later = [_later(clone) for _ in range(_LATER_STARTS)]
    return [
        Row("start.fresh_s", round(fresh, 1), "s", goal=180),
        Row("start.again_s", round(statistics.median(later), 2), "s", goal=10),
    ]


def _later(clone: Path) -> float:
    began = time.monotonic()
    with _running(clone):
        return time.monotonic() - began


@contextmanager
def _running(clone: Path) -> Iterator[None]:
    """`make run` in this folder from the moment its page answers, stopped as Ctrl-C does."""
    port = free_port()
    own = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "VIRTUAL_ENV"}}  # noqa: TID251 - handed on
    environment = {**own, "ATELIER_PORT": str(port), "ATELIER_SEED": "0"}
    with (clone.parent / "make.log").open("ab") as log:
        process = subprocess.Popen(
            ["make", "run"], cwd=clone, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for_page(f"http://127.0.0.1:{port}", process, log=clone.parent / "make.log")
        yield
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=60)


def _wait_for_page(address: str, process: subprocess.Popen[bytes], *, log: Path) -> None:
    give_up = time.monotonic() + _GIVE_UP_SECONDS
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise RuntimeError(f"make run ended with code {process.returncode}:\n{log.read_text()[-2000:]}")
        try:
            if all(httpx.get(f"{address}{path}", timeout=5).status_code == 200 for path in ("/", "/api/v1/health")):
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise TimeoutError(f"the page did not answer within {_GIVE_UP_SECONDS} s")
