"""The functions as they are deployed: how large their zip is, what a warm request costs, and how long synth takes."""

import json
import os
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import FastAPI, Response
from mangum import Mangum
from psycopg_pool import ConnectionPool

from infra.stacks.bundling import bundle
from lambdas.store import results
from lambdas.store.lists import START, Filters
from tests.bench.gallery import RESULTS, filled
from tests.bench.rows import Row

_ROOT = Path(__file__).resolve().parents[2]
_ROUNDS = 500
_WARM_UP = 100
_PATH = "/api/v1/results"
_LIMIT = 50
_ORIGIN_SECRET = "known to CloudFront"

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def rows() -> list[Row]:
    """Zip and synth with bundles made anew; then the API's handler and a bare one in turns."""
    with TemporaryDirectory(prefix="atelier-function-") as folder:
        began = time.monotonic()
        size = _zipped(bundle(folder=Path(folder) / "bundles"))
        _synth(Path(folder) / "cdk.out")
        synth = time.monotonic() - began
    own, bare = _warm()
    return [
        Row("api.zip_mb", round(size / 1e6, 2), "MB", goal=10),
        Row("synth.s", round(synth, 1), "s", goal=60),
        Row("api.warm_ratio", round(own, 3), "ms", round(bare, 3), round(own / bare, 2), goal=1.5),
    ]


def _zipped(folder: Path) -> int:
    """Bytes of the zip."""
    zipped = BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return len(zipped.getvalue())


def _synth(out: Path) -> None:
    command = [sys.executable, "infra/local/toolchain.py", "cdk", "synth", "--quiet", "--output", str(out)]
    environment = os.environ | {"AWS_EC2_METADATA_DISABLED": "true"}  # noqa: TID251 - handed on
    subprocess.run(command, cwd=_ROOT, env=environment, check=True, capture_output=True)


def _warm() -> tuple[float, float]:
    """Median milliseconds of the request that is made most, a page of the gallery: the API's, and the bare one's."""
    with filled(RESULTS) as (_, url), _own(url) as own, _bare(url) as bare:
        for handler in (own, bare):
            for _ in range(_WARM_UP):
                assert len(json.loads(handler(_event(), None)["body"])["items"]) == _LIMIT
        pairs = [(_milliseconds(own), _milliseconds(bare)) for _ in range(_ROUNDS)]
    ours, theirs = zip(*pairs, strict=True)
    return statistics.median(ours), statistics.median(theirs)


def _milliseconds(handler: Handler) -> float:
    began = time.perf_counter()
    handler(_event(), None)
    return (time.perf_counter() - began) * 1000


@contextmanager
def _own(url: str) -> Iterator[Handler]:
    """The function as a stage sets it up."""
    nowhere = "http://127.0.0.1:1"
    settings = {
        "DATABASE_URL": url,
        "POOL_SIZE": "1",
        "MEDIA_BUCKET": "media",
        "STEPS_TEXT_QUEUE_URL": nowhere,
        "STEPS_IMAGE_QUEUE_URL": nowhere,
        "SECRET": "0" * 32,
        "ORIGIN_SECRET": _ORIGIN_SECRET,
    }
    os.environ.update({f"ATELIER_{name}": value for name, value in settings.items()})  # noqa: TID251 - read on import
    from lambdas.api.handler import handler

    yield handler
    handler.app.state.services.stop()


@contextmanager
def _bare(url: str) -> Iterator[Handler]:
    """The same page from as little as possible: nothing is checked, nobody is known, there is one page."""
    app = FastAPI()
    with ConnectionPool(url, min_size=1, max_size=1, kwargs={"autocommit": True}) as pool:

        @app.get(_PATH)
        def page() -> Response:
            with pool.connection() as conn:
                places = results.page(conn, Filters(), pipeline_id=None, after=START, limit=_LIMIT + 1)
                items = results.cards(conn, [place.id for place in places[:_LIMIT]])
            return Response(f'{{"items":{items}}}', media_type="application/json")

        yield Mangum(app, lifespan="off")


def _event() -> dict[str, Any]:
    """What an HTTP API sends."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": _PATH,
        "rawQueryString": f"limit={_LIMIT}",
        "headers": {"host": "atelier.example", "x-origin-secret": _ORIGIN_SECRET},
        "requestContext": {
            "http": {"method": "GET", "path": _PATH, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
            "requestId": "AbCdEfGhIjKlMnO=",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
