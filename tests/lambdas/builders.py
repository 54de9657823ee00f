"""Rows that workers and other people would make over time, written straight into the database."""

import json
from typing import Any
from uuid import UUID, uuid4

import psycopg

_RUN = """
INSERT INTO runs (account_id, pipeline_id, version, inputs, seed, state, finished_at, error_code, error_detail)
VALUES (%(account)s, %(pipeline)s, %(version)s, %(inputs)s, %(seed)s, %(state)s,
        CASE WHEN %(state)s IN ('succeeded', 'failed', 'cancelled') THEN now() END,
        CASE WHEN %(state)s = 'failed' THEN 'broken' END, CASE WHEN %(state)s = 'failed' THEN 'It broke.' END)
RETURNING id
"""
_TASK = """
INSERT INTO tasks (run_id, account_id, ordinal, step, kind, model, revision, queue, guest, needs, params, resolved,
                   state, token, ready_at, sent_at, lease_until, started_at, finished_at, delivery, seconds,
                   computed_seconds, hardware, worker)
VALUES (%(run)s, %(account)s, %(ordinal)s, %(step)s, %(kind)s, %(model)s, repeat('a', 40), %(queue)s, false, '{}',
        %(params)s, %(resolved)s, 'succeeded', 'token', now(), now(), now(), now(), now(), %(delivery)s,
        %(computed_seconds)s + 60, %(computed_seconds)s, %(hardware)s, 'w')
RETURNING id
"""
_CLOSED_TASK = """
INSERT INTO tasks (run_id, account_id, ordinal, step, kind, model, revision, queue, guest, needs, params, state, token,
                   finished_at, error_code, error_detail)
VALUES (%(run)s, %(account)s, 0, 'scene', 'text', 'smollm2-135m', repeat('a', 40), 'text', false, '{}', '{}', %(state)s,
        'token', now(), CASE WHEN %(state)s = 'failed' THEN 'broken' END,
        CASE WHEN %(state)s = 'failed' THEN 'It broke.' END)
RETURNING id
"""
_ASSET = """
INSERT INTO assets (task_id, k, type, key, thumb_key, width, height, thumbhash, excerpt, characters, bytes)
VALUES (%(task)s, %(k)s, %(type)s, %(key)s, %(thumb)s, %(side)s, %(side)s, %(hash)s, %(text)s, %(characters)s, 10)
RETURNING id
"""


def a_finished_run(
    conn: psycopg.Connection,
    *,
    account: str,
    pipeline: str,
    version: int = 1,
    state: str = "succeeded",
    subject: str = "a red fox",
    scene: str = "A red fox sleeps under an oak.",
    seed: int = 7,
) -> UUID:
    """A run of the two-step spec of tests/lambdas/api/people.py: a text, then two pictures."""
    run = _insert(
        conn,
        _RUN,
        account=account,
        pipeline=pipeline,
        version=version,
        inputs=json.dumps({"subject": subject}),
        seed=seed,
        state=state,
    )
    if state != "succeeded":
        _insert(conn, _CLOSED_TASK, run=run, account=account, state=state)
        return run
    text = _task(conn, run, account=account, ordinal=0, prompt=f"Describe {subject}.")
    _insert(conn, _ASSET, task=text[0], k=0, type="text", key=f"media/{text[1]}/0.txt", thumb=None, side=None,
            hash=None, text=scene, characters=len(scene))  # fmt: skip
    picture = _task(conn, run, account=account, ordinal=1, prompt=scene)
    for k in range(2):
        _insert(conn, _ASSET, task=picture[0], k=k, type="image", key=f"media/{picture[1]}/{k}.png",
                thumb=f"media/{picture[1]}/{k}.thumb.webp", side=64, hash="aGFzaA==", text=None, characters=None)  # fmt: skip
    return run


def a_worker(conn: psycopg.Connection, *, models: list[str], queue: str = "text", seconds_ago: int = 0) -> None:
    """A worker whose last heartbeat was some time ago."""
    conn.execute(
        "INSERT INTO workers (id, queue, slots, busy, models, ram_bytes, vram_bytes, seen_at)"
        " VALUES (%s, %s, 2, 1, %s, 1000, 0, now() - make_interval(secs => %s))",
        (f"worker-{uuid4()}", queue, models, seconds_ago),
    )


def someone_waits(conn: psycopg.Connection) -> bool:
    """Whether another connection waits for a lock."""
    (row,) = conn.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
    return bool(row[0])


def _task(conn: psycopg.Connection, run: UUID, *, account: str, ordinal: int, prompt: str) -> tuple[UUID, str]:
    delivery = uuid4().hex
    step, kind, model = (("scene", "text", "smollm2-135m"), ("picture", "image", "demo-emoji"))[ordinal]
    params = {"prompt": "{{subject}}", "temperature": 0.7} if ordinal == 0 else {"prompt": "{{scene}}", "count": 2}
    task = _insert(
        conn,
        _TASK,
        run=run,
        account=account,
        ordinal=ordinal,
        step=step,
        kind=kind,
        model=model,
        queue=kind,
        params=json.dumps(params),
        resolved=json.dumps({"prompt": prompt}),
        delivery=delivery,
        computed_seconds=1.5 + ordinal,
        hardware=None if ordinal == 0 else "NVIDIA L4, torch 2",
    )
    return task, delivery


def _insert(conn: psycopg.Connection, statement: str, **params: Any) -> UUID:
    (row,) = conn.execute(statement, params)
    return row[0]
