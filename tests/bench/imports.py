"""Cold import: what a new Lambda instance waits for before it answers its first request."""

import os
import statistics
import subprocess
import sys

from tests.bench.rows import Row

_PROGRAM = "import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
ENVIRONMENT = {
    "ATELIER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "ATELIER_MEDIA_BUCKET": "media",
    "ATELIER_STEPS_TEXT_QUEUE_URL": "http://127.0.0.1:1/text",
    "ATELIER_STEPS_IMAGE_QUEUE_URL": "http://127.0.0.1:1/image",
    "ATELIER_SECRET": "0" * 32,
    "AWS_DEFAULT_REGION": "us-east-1",
}
"""Enough for the API's module to load."""


def rows() -> list[Row]:
    """The median of seven fresh interpreters with warm bytecode and files."""
    handler, bare = _seconds("lambdas.api.handler"), _seconds("fastapi, mangum")
    return [Row("api.import_s", round(handler, 3), "s", reference=round(bare, 3), goal=0.8)]


def _seconds(modules: str) -> float:
    return statistics.median(_once(modules) for _ in range(8))


def _once(modules: str) -> float:
    command = [sys.executable, "-c", _PROGRAM.format(module=modules)]
    environment = os.environ | ENVIRONMENT  # noqa: TID251 - a child needs PATH and the like
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)
