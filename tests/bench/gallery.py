"""The gallery at 10,000 results: a page of 50 in the handler, for every sort and filter, and deep in the list."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import psycopg
from fastapi import FastAPI

from lambdas.api.app import create_app
from lambdas.api.settings import Settings
from lambdas.store import lists, migrations, queries, results
from lambdas.store.lists import START, Filters, SortKey
from tests.bench.rows import Row
from tests.services.postgres import fresh_database, running_postgres

RESULTS = 10_000
_ROUNDS = 60
_DEEP_PAGE = 100
_SORTS = ("top", "new", "trending")
_FILTERS: tuple[dict[str, str], ...] = (
    {},
    {"q": "apple"},
    {"q": "зелёный"},
    {"q": "apple -red"},
    {"q": "walrus4711"},
    {"kind": "text"},
    {"model": "demo-emoji"},
    {"tag": "rare"},
    {"min_rating": "4"},
    {"author": "account7"},
)

_FILL = """
INSERT INTO accounts (handle, email, password_hash, guest)
SELECT 'account' || n, n || '@example.org', 'none', false FROM generate_series(0, 99) n;

INSERT INTO pipelines (account_id, title, description, tags, visibility, kinds, models, prompts, rating_count, rating_sum)
SELECT (SELECT id FROM accounts WHERE handle = 'account' || n % 100),
       'Pipeline ' || n, 'Draws ' || CASE n % 2 WHEN 0 THEN 'an apple' ELSE 'зелёное яблоко' END,
       CASE WHEN n % 200 = 0 THEN ARRAY['rare', 'fruit'] ELSE ARRAY['fruit'] END, 'public', '{text,image}',
       '{smollm2-135m,demo-emoji}', 'Describe {{subject}}.', n % 40, (n % 40) * (1 + n % 5)
  FROM generate_series(1, %(pipelines)s) n;

INSERT INTO versions (pipeline_id, number, spec) SELECT id, 1, '{"inputs": [], "steps": []}' FROM pipelines;

CREATE TEMPORARY TABLE made AS
SELECT n, uuidv7() AS run, uuidv7() AS task, uuidv7() AS asset, p.id AS pipeline, p.account_id AS account,
       p.title, p.description, p.tags, p.score, p.hot, p.rating_count
  FROM (SELECT row_number() OVER (ORDER BY id) AS nth, * FROM pipelines) p
  JOIN generate_series(1, %(results)s) n ON p.nth = 1 + n % %(pipelines)s;

INSERT INTO runs (id, account_id, pipeline_id, version, inputs, seed, state, finished_at)
SELECT run, account, pipeline, 1, '{"subject": "a red fox"}', n, 'succeeded', now() FROM made;

INSERT INTO tasks (id, run_id, account_id, ordinal, step, kind, model, revision, queue, guest, needs, params, resolved, state,
                   token, ready_at, started_at, finished_at, delivery, progress, seconds, worker)
SELECT task, run, account, 0, 'picture', 'image', 'demo-emoji', repeat('a', 40), 'image', false, '{}',
       '{"prompt": "{{subject}}"}', '{"prompt": "a red fox"}', 'succeeded', 't', now(), now(), now(), md5(n::text), 1, 1.5, 'w' FROM made;

INSERT INTO assets (id, task_id, k, type, key, thumb_key, width, height, thumbhash, bytes)
SELECT asset, task, 0, 'image', 'media/' || md5(n::text) || '/0.png', 'media/' || md5(n::text) || '/0.thumb.webp',
       64, 64, 'aGFzaGhhc2hoYXNoaGFzaA==', 9000 FROM made;

INSERT INTO results (run_id, account_id, pipeline_id, version, title, cover_id, excerpt, prompts, kinds, models, about,
                     tags, listed, score, rating_count, leads, top, trend)
SELECT run, account, pipeline, 1, 'Result ' || n, asset, 'a red fox in the snow', 'a ' ||
       (ARRAY['red', 'green', 'зелёный', 'blue'])[1 + n % 4] || ' ' || (ARRAY['apple', 'fox', 'house'])[1 + n % 3]
       || ' walrus' || n, CASE WHEN n % 50 = 0 THEN ARRAY['text'] ELSE ARRAY['text', 'image'] END,
       ARRAY['smollm2-135m', 'demo-emoji'], title || ' ' || description, tags, true, score, rating_count,
       n <= 2 * %(pipelines)s, CASE WHEN n <= 2 * %(pipelines)s THEN score ELSE 0 END,
       CASE WHEN n <= 2 * %(pipelines)s THEN hot ELSE 0 END
  FROM made;
"""


def rows() -> list[Row]:
    """Page times in milliseconds, throughput against the bare statement, and a deep page against the first."""
    with filled(RESULTS) as (app, database), psycopg.connect(database, autocommit=True) as conn:
        p50, p99 = _worst(app)
        pages, bare = _throughput(app, conn)
        first, deep = _depth(conn)
    return [
        Row("gallery.page.p50_ms", p50, "ms", goal=5),
        Row("gallery.page.p99_ms", p99, "ms", goal=25),
        Row("gallery.page.throughput", pages, "pages/s", reference=bare, ratio=pages / bare, goal=0.7, at_least=True),
        Row("gallery.page.deep", deep, "ms", reference=first, ratio=deep / first, goal=1.2),
    ]


@contextmanager
def filled(count: int) -> Iterator[tuple[FastAPI, str]]:
    """The API on a database of that many results, and that database."""
    with TemporaryDirectory() as folder, running_postgres(Path(folder) / "data") as server:
        database = fresh_database(server)
        migrations.apply(database)
        with psycopg.connect(database, autocommit=True) as conn:
            fill = _FILL.replace("%(results)s", str(count)).replace("%(pipelines)s", str(max(1, count // 20)))
            conn.execute(fill.encode())
            conn.execute("VACUUM ANALYZE")
        app = create_app(_settings(database))
        try:
            yield app, database
        finally:
            app.state.services.stop()


def _settings(database: str) -> Settings:
    return Settings(
        database_url=database,
        media_bucket="media",
        steps_text_queue_url="",
        steps_image_queue_url="",
        secret="of a benchmark only",
        site_scheme="http",
    )


def _worst(app: FastAPI) -> tuple[float, float]:
    """The worst median and the worst 99th percentile over all sorts and filters, in milliseconds."""
    cases = [{"sort": sort} | narrowed for sort in _SORTS for narrowed in _FILTERS]
    times = [asyncio.run(_times(app, urlencode(case))) for case in cases]
    return max(statistics.median(case) for case in times), max(statistics.quantiles(case, n=100)[98] for case in times)


async def _times(app: FastAPI, query: str) -> list[float]:
    for _ in range(5):
        await _get(app, query)
    taken: list[float] = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        await _get(app, query)
        taken.append(1000 * (time.perf_counter() - start))
    return taken


async def _get(app: FastAPI, query: str) -> bytes:
    """One request through the whole application, without a socket."""
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/api/v1/results", "raw_path": b"/api/v1/results", "root_path": "", "query_string": query.encode(),
        "headers": [(b"host", b"bench")], "client": ("127.0.0.1", 1), "server": ("bench", 80),
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if sent[0]["status"] != 200:
        raise RuntimeError(f"/results?{query} answered {sent[0]['status']}")
    return b"".join(message.get("body", b"") for message in sent[1:])


def _throughput(app: FastAPI, conn: psycopg.Connection) -> tuple[float, float]:
    """Pages a second of the handler, and of one statement that finds the same rows and makes the same bytes."""
    named = queries.load("results")
    statement = named["cards"].replace("%(ids)s", f"ARRAY(SELECT id FROM ({named['top']}) page)")
    params = lists.params(Filters(), after=START, limit=50) | {"pipeline_id": None}
    handler = 1000 / statistics.mean(asyncio.run(_times(app, "sort=top")))
    taken: list[float] = []
    for _ in range(_ROUNDS + 5):
        start = time.perf_counter()
        conn.execute(statement.encode(), params).fetchone()
        taken.append(time.perf_counter() - start)
    return handler, 1 / statistics.mean(taken[5:])


def _depth(conn: psycopg.Connection) -> tuple[float, float]:
    """Milliseconds of the first page's query and of page 100's, in the middle of the runs of equal scores."""
    key = START
    for _ in range(_DEEP_PAGE):
        key = results.page(conn, Filters(), after=key, limit=50)[-1]
    return _page_ms(conn, START), _page_ms(conn, key)


def _page_ms(conn: psycopg.Connection, after: SortKey) -> float:
    taken: list[float] = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        ids = [key.id for key in results.page(conn, Filters(), after=after, limit=50)]
        results.cards(conn, ids)
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)
