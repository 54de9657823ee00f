"""The plans of the statements that run for each task, with a backlog large enough for a wrong one to hurt."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from lambdas.store import migrations
from lambdas.store.queries import load
from tests.lambdas.flow.world import ONE_STEP, World
from tests.services.postgres import database_name, drop_database, fresh_database

ACCOUNTS, EACH = 2_000, 10


@pytest.fixture(scope="module")
def crowded(postgres: str) -> Iterator[psycopg.Connection]:
    """A database with a backlog of 20,000 tasks of 2,000 accounts, and as many done."""
    uri = fresh_database(postgres)
    migrations.apply(uri)
    with psycopg.connect(uri, autocommit=True) as conn:
        fill(World(conn))
        conn.execute("ANALYZE")
        yield conn
    drop_database(postgres, name=database_name(uri))


def fill(world: World) -> None:
    run = world.run(world.account(), ONE_STEP, send=False)
    world.conn.execute(
        """
        WITH people AS (INSERT INTO accounts (handle, email, password_hash, guest)
                        SELECT 'p' || n, n || '@example.org', 'hash', false FROM generate_series(1, %(accounts)s) n
                        RETURNING id),
             lined AS (INSERT INTO turns (queue, account_id, guest, waiting)
                       SELECT 'text', id, false, true FROM people),
             started AS (INSERT INTO runs (account_id, pipeline_id, version, inputs, seed)
                         SELECT people.id, r.pipeline_id, 1, '{}', 1
                           FROM people, runs r, generate_series(1, 2 * %(each)s) WHERE r.id = %(run)s
                         RETURNING id, account_id)
        INSERT INTO tasks (run_id, account_id, ordinal, step, kind, model, revision, queue, guest, needs, params, resolved,
                           state, ready_at, token, finished_at, delivery, seconds, worker)
        SELECT id, account_id, 0, 'scene', 'text', 'smollm2-135m', '', 'text', false, '{}',
               '{"prompt": "x", "system": "", "max_tokens": 9, "temperature": 1, "top_p": 1}', '{"prompt": "x"}',
               CASE WHEN n %% 2 = 0 THEN 'queued' ELSE 'succeeded' END, now() - n * interval '1 s', 'token',
               CASE WHEN n %% 2 = 0 THEN NULL ELSE now() END, 'd', 1, 'w'
          FROM (SELECT id, account_id, row_number() OVER (PARTITION BY account_id) AS n FROM started) s
        """,
        {"accounts": ACCOUNTS, "each": EACH, "run": run},
    )
    world.dispatch()


def plan(conn: psycopg.Connection, noun: str, name: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Every node of the plan of a statement that ran."""
    with conn.transaction(force_rollback=True):
        statement = "EXPLAIN (ANALYZE, FORMAT JSON) " + load(noun)[name]
        row = conn.execute(statement, params).fetchone()
    assert row
    found: list[dict[str, Any]] = []

    def walk(node: dict[str, Any]) -> None:
        found.append(node)
        for inner in node.get("Plans", []):
            walk(inner)

    walk(row[0][0]["Plan"])
    return found


def looked_at(nodes: list[dict[str, Any]]) -> float:
    """How many rows the scans of a plan read, those that they threw away included."""
    return sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in nodes
        if "Scan" in node["Node Type"] and "Relation Name" in node
    )


def an_account(conn: psycopg.Connection) -> UUID:
    row = conn.execute(
        "SELECT account_id FROM turns WHERE waiting ORDER BY last_served_at, account_id LIMIT 1"
    ).fetchone()
    assert row
    return row[0]


def a_task(conn: psycopg.Connection, where: str) -> tuple[UUID, UUID]:
    row = conn.execute(f"SELECT id, run_id FROM tasks WHERE {where} LIMIT 1").fetchone()  # type: ignore[arg-type]
    assert row
    return row


def a_change(task: UUID) -> str:
    return json.dumps([{"id": str(task), "state": "succeeded", "finished_at": "2026-01-01T00:00:00Z"}])


QUEUED = "state = 'queued' AND sent_at IS NULL"
OUT = "state = 'queued' AND sent_at IS NOT NULL"


def cases(conn: psycopg.Connection) -> dict[str, tuple[str, str, dict[str, Any], int]]:
    """Statements with params and the most rows that they may look at."""
    account = an_account(conn)
    out, run = a_task(conn, OUT)
    queued, _ = a_task(conn, f"{QUEUED} AND account_id = '{account}'")
    return {
        "survey": ("dispatch", "survey", {"queues": ["text", "image"], "live": timedelta(seconds=60)}, 20),
        "line": ("dispatch", "line", {"queue": "text", "limit": 9, "per_account": 8}, 200),
        "take": (
            "dispatch",
            "take",
            {"queue": "text", "accounts": [account], "counts": [8], "lease": timedelta(seconds=180)},
            60,
        ),
        "serve": ("dispatch", "serve", {"queue": "text", "accounts": [account], "turns": [0]}, 20),
        "lock": ("tasks", "lock", {"ids": [out]}, 10),
        "lock_expired": ("tasks", "lock_expired", {"clock": "2100-01-01", "limit": 1_000}, 40),
        "save": ("tasks", "save", {"changes": json.dumps([])}, 0),
        "ripe": ("tasks", "ripe", {"runs": [run]}, 10),
        "settle": ("runs", "settle", {"ids": [run]}, 10),
        "read": ("runs", "read", {"id": run, "account_id": account}, 10),
        "page": ("runs", "page", {"account_id": account, "before": None, "limit": 10}, 80),
        "find": ("queue_position", "find", {"id": queued, "live": timedelta(seconds=60), "counted": 1_000}, 5_000),
        "record": (
            "deliveries",
            "record",
            {"named": json.dumps([{"id": uuid4().hex, "task_id": str(out), "attempt": 1, "worker": "w"}])},
            10,
        ),
    }


@pytest.mark.parametrize(
    "name",
    [
        "survey", "line", "take", "serve", "lock", "lock_expired", "save", "ripe", "settle", "read", "page", "find", "record",
    ],
)  # fmt: skip
def test_a_statement_of_the_hot_path_looks_at_few_rows(crowded: psycopg.Connection, name: str) -> None:
    noun, query, params, most = cases(crowded)[name]
    nodes = plan(crowded, noun, query, params)
    assert looked_at(nodes) <= most, json.dumps(nodes, indent=1, default=str)
