"""What a deployment weighs and takes: the functions' zip, a synth, and the API's own time over bare Mangum's."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from fastapi import FastAPI
from mangum import Mangum

from infra.stacks.bundling import bundle
from lambdas.api.routes.catalogue import list_kinds
from lambdas.api.shapes.operation import KindList
from tests.bench.imports import ENVIRONMENT
from tests.bench.rows import Row

_ROOT = Path(__file__).resolve().parents[2]
_PATH = "/api/v1/kinds"
_SECRET = "of a benchmark only"
_CALLS = 300
_ROUNDS = 7


def rows() -> list[Row]:
    """Megabytes of the zip for arm64, milliseconds of a warm request in one process, seconds of both example stages."""
    own, bare = _warm_ms()
    return [
        Row("api.zip_mb", round(_zip_mb(), 2), "MB", goal=10),
        Row("api.warm_ratio", round(own, 4), "ms", reference=round(bare, 4), ratio=own / bare, goal=1.5),
        Row("synth.s", round(_synth_seconds(), 1), "s", goal=60),
    ]


def _zip_mb() -> float:
    """As the CDK's command line packs it: deflated."""
    folder = bundle()
    with TemporaryDirectory() as work:
        path = Path(work) / "functions.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.rglob("*")):
                archive.write(file, file.relative_to(folder))
        return path.stat().st_size / 1e6


def _warm_ms() -> tuple[float, float]:
    """The function as it is deployed, and FastAPI with Mangum and nothing else, on the same route and answer; in turn."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    own, bare = _own_handler(), Mangum(_bare_app(), lifespan="off")
    times = [(_milliseconds(own), _milliseconds(bare)) for _ in range(_ROUNDS)]
    return statistics.median(first for first, _ in times), statistics.median(second for _, second in times)


def _own_handler() -> Callable[..., Any]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**ENVIRONMENT, "ATELIER_ORIGIN_SECRET": _SECRET}.items():
            patch.setenv(name, value)
        from lambdas.api.handler import handler
    return handler


def _bare_app() -> FastAPI:
    app = FastAPI()

    @app.get(_PATH)
    async def kinds() -> KindList:
        return await list_kinds()

    return app


def _milliseconds(handler: Callable[..., Any]) -> float:
    """Of one call; the first is not counted."""
    if handler(_event(), None)["statusCode"] != 200:
        raise RuntimeError(f"{_PATH} does not answer")
    start = time.perf_counter()
    for _ in range(_CALLS):
        handler(_event(), None)
    return 1000 * (time.perf_counter() - start) / _CALLS


def _event() -> dict[str, Any]:
    """What the HTTP API sends for a GET that came through CloudFront."""
    headers = {
        "accept": "*/*",
        "accept-encoding": "gzip",
        "host": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
        "user-agent": "Amazon CloudFront",
        "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000",
        "x-forwarded-for": "198.51.100.7",
        "x-forwarded-host": "d111111abcdef8.cloudfront.net",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
        "x-origin-secret": _SECRET,
        "x-viewer-address": "198.51.100.7",
    }
    request = {"method": "GET", "path": _PATH, "protocol": "HTTP/1.1", "sourceIp": "198.51.100.7", "userAgent": "curl"}
    context = {"http": request, "stage": "$default", "requestId": "id", "routeKey": "$default", "timeEpoch": 0}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": _PATH,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": context,
        "isBase64Encoded": False,
    }


def _synth_seconds() -> float:
    """What `make synth` does, without cfn-lint; the bundles are there as after the first time."""
    with TemporaryDirectory() as out:
        command = [sys.executable, "-m", "infra.local.setup", "cdk", "synth", "--quiet"]
        environment = dict(os.environ)  # noqa: TID251 - a child needs PATH and the like
        start = time.perf_counter()
        subprocess.run([*command, "--output", out], cwd=_ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start
