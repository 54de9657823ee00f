"""What a task costs the API and `advance` in CPU, and whether dispatch feels how long the line is."""

import asyncio
import itertools
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from fastapi import FastAPI
from pydantic import BaseModel

from contract.messages import TASK_REQUESTED, Alive, Progress, Started, Succeeded, TextOutput
from lambdas.advance.handler import Advancer
from lambdas.advance.settings import Settings as AdvanceSettings
from lambdas.api.app import create_app
from lambdas.api.settings import Settings as ApiSettings
from lambdas.domain.pace import Pace
from lambdas.store import migrations
from lambdas.store.dispatch import dispatch
from tests.bench.rows import Row
from tests.services.ministack import a_bucket, a_queue, aws, credentials, running_ministack
from tests.services.postgres import fresh_database, running_postgres

_BATCH = 10
_ROUNDS = 30
_WARM_UP = 5
_SHORT, _LONG = 1_000, 1_000_000
_DISPATCHES = 60
_PEOPLE = tuple(f"person{number}" for number in range(10))
_SPEC = {
    "inputs": [{"name": "subject", "type": "text", "default": "a red fox"}],
    "steps": [
        {"name": "scene", "kind": "text", "model": "smollm2-135m", "params": {"prompt": "Describe {{subject}}."}}
    ],
}

_WAITING = """
INSERT INTO accounts (handle, email, password_hash, guest)
SELECT 'p' || n, n || '@example.org', 'none', false FROM generate_series(1, %(accounts)s) n;

INSERT INTO pipelines (account_id, title, visibility, kinds, models, prompts)
SELECT id, 'A scene', 'public', '{text}', '{smollm2-135m}', '' FROM accounts LIMIT 1;

INSERT INTO versions (pipeline_id, number, spec) SELECT id, 1, '{}' FROM pipelines;

INSERT INTO runs (account_id, pipeline_id, version, inputs, seed)
SELECT a.id, p.id, 1, '{}', 1 FROM accounts a, pipelines p, generate_series(1, %(each)s);

INSERT INTO turns (queue, account_id, guest, waiting) SELECT 'text', id, false, true FROM accounts;

INSERT INTO tasks (run_id, account_id, ordinal, step, kind, model, revision, queue, guest, needs, params, resolved,
                   state, ready_at, token)
SELECT id, account_id, 0, 'scene', 'text', 'smollm2-135m', repeat('a', 40), 'text', false, '{}',
       '{"prompt": "{{subject}}"}', '{"prompt": "a red fox"}', 'queued', now() - row_number() OVER () * interval '1 second', 'token'
  FROM runs;
"""


def rows() -> list[Row]:
    """CPU milliseconds per task, with a line and without, and dispatch over a long line against a short one."""
    with _stage() as stage:
        busy = stage.cycle(line=200)
    with _stage() as stage:
        idle = stage.cycle(line=0)
    short, long = _dispatch_ms(_SHORT, _LONG)
    return [
        Row("task.cycle_cpu_ms", busy, "ms", goal=3),
        # Without a line each POST sends its own message, which costs botocore more than all the rest.
        Row("task.cycle_cpu_idle_ms", idle, "ms"),
        Row("dispatch.growth", long, "ms", reference=short, ratio=long / short, goal=1.5),
    ]


@dataclass
class _Stage:
    """The API and `advance` in this process; PostgreSQL and MiniStack beside it."""

    app: FastAPI
    advancer: Advancer
    endpoint: str
    queue_url: str
    loop: asyncio.AbstractEventLoop
    keys: Iterator[str] = field(default_factory=lambda: iter(()))
    """Of several people in turn: one alone has at most eight tasks out."""
    pipeline: str = ""
    spent: float = 0
    """CPU seconds of the API and of `advance`."""
    _messages: list[Any] = field(default_factory=list)

    def cycle(self, *, line: int) -> float:
        """CPU milliseconds per task: accepted, dispatched, started, once under way, succeeded; ten at a time."""
        self._sign_up()
        self._hear([_alive()])
        for _ in range(line):
            self._start_run()
        for _ in range(_WARM_UP):
            self._ten_tasks()
        self.spent = 0
        for _ in range(_ROUNDS):
            self._ten_tasks()
        return 1000 * self.spent / (_ROUNDS * _BATCH)

    def _ten_tasks(self) -> None:
        for _ in range(_BATCH):
            self._start_run()
        self._receive()
        ten, self._messages = self._messages[:_BATCH], self._messages[_BATCH:]
        facts = [_facts(request, number) for number, request in enumerate(ten)]
        self._hear([Started(**fact) for fact in facts])
        self._hear([Progress(**fact, seq=1, fraction=0.5) for fact in facts])
        self._hear([_succeeded(fact) for fact in facts])

    def _sign_up(self) -> None:
        keys: list[str] = []
        for handle in _PEOPLE:
            body = {"handle": handle, "email": f"{handle}@example.org", "password": "correct horse"}
            cookie = self._call("/accounts", body)[1]
            keys.append(json.loads(self._call("/keys", {"name": "bench"}, cookie=cookie)[0])["key"])
        self.pipeline = json.loads(self._call("/pipelines", {"title": "A scene", "spec": _SPEC}, key=keys[0])[0])["id"]
        self.keys = itertools.cycle(keys)

    def _start_run(self) -> None:
        body = {"pipeline": self.pipeline, "inputs": {"subject": "an owl"}, "seed": 7}
        start = time.process_time()
        self._call("/runs", body, key=next(self.keys))
        self.spent += time.process_time() - start

    def _hear(self, events: list[BaseModel]) -> None:
        event = _sqs_event(events)
        start = time.process_time()
        answer = self.advancer.handle(event, None)
        self.spent += time.process_time() - start
        if answer["batchItemFailures"]:
            raise RuntimeError(f"events were not applied: {answer}")

    def _receive(self) -> None:
        """What workers do: not measured here."""
        sqs = aws("sqs", self.endpoint)
        while len(self._messages) < _BATCH:
            found = sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=5)["Messages"]
            self._messages += [TASK_REQUESTED.validate_json(message["Body"]) for message in found]
            entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(found)]
            sqs.delete_message_batch(QueueUrl=self.queue_url, Entries=entries)

    def _call(self, path: str, body: Any, *, key: str = "", cookie: str = "") -> tuple[bytes, str]:
        return self.loop.run_until_complete(_post(self.app, path, body, key=key, cookie=cookie))


@contextmanager
def _stage() -> Iterator[_Stage]:
    with (
        TemporaryDirectory() as folder,
        running_postgres(Path(folder) / "data") as server,
        running_ministack(Path(folder) / "ministack") as endpoint,
        credentials(),
    ):
        database = fresh_database(server)
        migrations.apply(database)
        shared = {
            "database_url": database,
            "media_bucket": a_bucket(endpoint),
            "steps_text_queue_url": a_queue(endpoint),
            "steps_image_queue_url": a_queue(endpoint),
            "aws_endpoint_url": endpoint,
        }
        app = create_app(ApiSettings(secret="of a benchmark only", site_scheme="http", **shared))
        try:
            with closing(Advancer(AdvanceSettings(**shared))) as advancer, closing(asyncio.new_event_loop()) as loop:
                yield _Stage(app, advancer, endpoint, shared["steps_text_queue_url"], loop)
        finally:
            app.state.services.stop()


async def _post(app: FastAPI, path: str, body: Any, *, key: str, cookie: str) -> tuple[bytes, str]:
    """The body and the cookie of an answer; the request goes through the whole application, without a socket."""
    data = json.dumps(body).encode()
    headers = [(b"host", b"bench"), (b"content-type", b"application/json"), (b"content-length", b"%d" % len(data))]
    if key:
        headers.append((b"authorization", f"Bearer {key}".encode()))
    if cookie:
        headers += [(b"cookie", cookie.encode()), (b"origin", b"http://bench")]
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": f"/api/v1{path}", "raw_path": f"/api/v1{path}".encode(), "root_path": "", "query_string": b"",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("bench", 80),
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    answer = b"".join(message.get("body", b"") for message in sent[1:])
    if sent[0]["status"] not in (201, 202):
        raise RuntimeError(f"POST {path} answered {sent[0]['status']}: {answer[:200]!r}")
    cookies = [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]
    return answer, cookies[0].partition(";")[0] if cookies else ""


def _facts(request: Any, number: int) -> dict[str, Any]:
    return {
        "worker": "worker-1",
        "sent_at": datetime.now(tz=UTC),
        "task": request.task,
        "attempt": request.attempt,
        "token": request.token,
        "delivery": f"{request.task.hex[:30]}{number:02x}",
    }


def _alive() -> Alive:
    return Alive(
        worker="worker-1", sent_at=datetime.now(tz=UTC), queue="text", slots=4, busy=4, models=["smollm2-135m"],
        ram_bytes=1, vram_bytes=0,
    )  # fmt: skip


def _succeeded(fact: dict[str, Any]) -> Succeeded:
    text = "A red fox sleeps under an old oak while the snow falls." * 4
    output = TextOutput(key=f"media/{fact['delivery']}/0.txt", text=text, characters=len(text), bytes=len(text))
    return Succeeded(**fact, seconds=2, batch=4, outputs=[output])


def _sqs_event(events: list[BaseModel]) -> dict[str, Any]:
    sent_at = str(int(time.time() * 1000))
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": "r",
                "body": event.model_dump_json(),
                "attributes": {"SentTimestamp": sent_at},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "awsRegion": "us-east-1",
            }
            for number, event in enumerate(events)
        ]
    }


def _dispatch_ms(*waiting: int) -> list[float]:
    """The median of dispatching eight tasks of eight accounts with so many waiting, commit included; taken in turn."""
    with TemporaryDirectory() as folder, running_postgres(Path(folder) / "data") as server, ExitStack() as stack:
        conns = [stack.enter_context(_backlog(server, count)) for count in waiting]
        conns[0].execute("CHECKPOINT")
        taken = [[_timed_dispatch(conn) for conn in conns] for _ in range(_DISPATCHES)]
        return [statistics.median(times) for times in zip(*taken, strict=True)]


@contextmanager
def _backlog(server: str, waiting: int) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database in which so many runs of up to 1,000 accounts wait for their only task."""
    accounts = min(1_000, waiting // 4)
    database = fresh_database(server)
    migrations.apply(database)
    with psycopg.connect(database, autocommit=True) as conn:
        fill = _WAITING.replace("%(accounts)s", str(accounts)).replace("%(each)s", str(waiting // accounts))
        conn.execute(fill.encode())
        conn.execute("VACUUM ANALYZE")
        conn.execute("SET plan_cache_mode = force_custom_plan")
        yield conn


def _timed_dispatch(conn: psycopg.Connection[Any]) -> float:
    """Milliseconds; what was dispatched is out of the way afterwards."""
    start = time.perf_counter()
    with conn.transaction():
        messages = dispatch(conn, pace=Pace())
    taken = time.perf_counter() - start
    if len(messages) != 8:
        raise RuntimeError(f"{len(messages)} tasks were dispatched")
    ids = [message.task_id for message in messages]
    conn.execute("UPDATE tasks SET state = 'cancelled', finished_at = now() WHERE id = ANY(%s)", (ids,))
    return 1000 * taken
