"""How fast this machine is right now: a bare FastAPI hello on uvicorn, and a bare PostgreSQL select."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.services.ministack import free_port, stop
from tests.services.postgres import running_postgres

_SECONDS = 1.5
_MOST_DIFFERENCE = 0.2
_PROGRAM = """
import sys, uvicorn, fastapi
app = fastapi.FastAPI()
@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"hello": "world"}
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
"""
_REQUEST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass(frozen=True)
class Calibration:
    """Round trips per second, one after another."""

    hello: float
    select: float

    def fits(self, other: "Calibration") -> bool:
        """Whether the machine was as fast both times, within a fifth."""
        pairs = ((self.hello, other.hello), (self.select, other.select))
        return all(abs(a - b) <= _MOST_DIFFERENCE * max(a, b) for a, b in pairs)

    def __str__(self) -> str:
        return f"{self.hello:,.0f} hellos/s, {self.select:,.0f} selects/s"


@contextmanager
def calibrating(folder: Path) -> Iterator[Callable[[], Calibration]]:
    """A function that measures; its servers live as long as the block."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(port)])
    try:
        with running_postgres(folder / "postgres") as uri, psycopg.connect(uri, autocommit=True) as conn:

            def calibrate() -> Calibration:
                # Connected anew: uvicorn closes what is idle for five seconds.
                with _connected(port) as connection:
                    hello = _per_second(lambda: _hello(connection))
                return Calibration(hello, _per_second(lambda: _select(conn)))

            yield calibrate
    finally:
        stop(server)


@contextmanager
def _connected(port: int) -> Iterator[socket.socket]:
    give_up = time.monotonic() + 30
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port))
            break
        except ConnectionRefusedError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)
    with connection:
        yield connection


def _hello(connection: socket.socket) -> None:
    connection.sendall(_REQUEST)
    answer = b""
    while not answer.endswith(b"}"):
        received = connection.recv(4096)
        if not received:
            raise ConnectionError("the hello server has gone")
        answer += received


def _select(conn: psycopg.Connection) -> None:
    conn.execute("SELECT 1").fetchone()


def _per_second(call: Callable[[], None]) -> float:
    count, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < _SECONDS:
        call()
        count += 1
    return count / passed
