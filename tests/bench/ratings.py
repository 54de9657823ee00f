"""Rating a pipeline with 100,000 results, and one with a single result beside it, in the handler."""

import asyncio
import json
import statistics
import time
from typing import Any
from uuid import UUID

import psycopg
from fastapi import FastAPI

from lambdas.store import keys
from tests.bench.gallery import filled
from tests.bench.rows import Row

RESULTS = 100_000
_ROUNDS = 200

_GATHER = """
CREATE TEMPORARY TABLE largest AS SELECT id FROM pipelines ORDER BY id LIMIT 1;
UPDATE runs SET pipeline_id = (SELECT id FROM largest) WHERE pipeline_id <> (SELECT max(id::text)::uuid FROM pipelines);
UPDATE results SET pipeline_id = (SELECT id FROM largest), leads = false, top = 0, trend = 0
 WHERE pipeline_id <> (SELECT max(id::text)::uuid FROM pipelines);
UPDATE results SET leads = true WHERE id IN (SELECT id FROM results WHERE pipeline_id = (SELECT id FROM largest) LIMIT 2);
"""


def rows() -> list[Row]:
    """The 99th percentile in milliseconds, in turn with that of a pipeline with few results."""
    with filled(RESULTS) as (app, database), psycopg.connect(database, autocommit=True) as conn:
        conn.execute(_GATHER)
        conn.execute("VACUUM ANALYZE")
        large, small = (
            conn.execute(f"SELECT pipeline_id FROM results GROUP BY 1 ORDER BY count(*) {order} LIMIT 1").fetchone()
            for order in ("DESC", "ASC")
        )
        key = _a_rater(conn)
        taken = asyncio.run(_times(app, key=key, pipelines=[large[0], small[0]]))
    p99, reference = (statistics.quantiles(times, n=100)[98] for times in taken)
    return [Row("rating.p99_ms", p99, "ms", reference=reference, ratio=p99 / reference, goal=10)]


def _a_rater(conn: psycopg.Connection) -> str:
    (row,) = conn.execute(
        "INSERT INTO accounts (handle, email, password_hash, guest) VALUES ('rater', 'r@example.org', 'x', false)"
        " RETURNING id"
    )
    return keys.create(conn, account_id=row[0], name="bench", expires_at=None)[1]


async def _times(app: FastAPI, *, key: str, pipelines: list[UUID]) -> list[list[float]]:
    taken: list[list[float]] = [[] for _ in pipelines]
    for turn in range(_ROUNDS + 10):
        for times, pipeline in zip(taken, pipelines, strict=True):
            start = time.perf_counter()
            await _rate(app, pipeline, key=key, stars=1 + turn % 5)
            if turn >= 10:
                times.append(1000 * (time.perf_counter() - start))
    return taken


async def _rate(app: FastAPI, pipeline: UUID, *, key: str, stars: int) -> None:
    path, body = f"/api/v1/pipelines/{pipeline}/rating", json.dumps({"stars": stars}).encode()
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "PUT", "scheme": "http",
        "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b"", "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"bench"), (b"content-type", b"application/json"),
                    (b"content-length", str(len(body)).encode()), (b"authorization", f"Bearer {key}".encode())],
        "server": ("bench", 80),
    }  # fmt: skip
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    if statuses != [200]:
        raise RuntimeError(f"rating answered {statuses}")
