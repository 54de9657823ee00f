"""The hot queries find their rows through indexes once there are ten thousand of them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from lambdas.store import lists, migrations, queries
from lambdas.store.lists import START, Filters
from tests.services.postgres import fresh_database

FILL = """
INSERT INTO accounts (handle, email, password_hash, guest)
SELECT 'person-' || n, 'person-' || n || '@atelier.test', 'x', false FROM generate_series(1, 2000) n;
INSERT INTO sessions (account_id, token_hash, expires_at)
SELECT id, sha256(id::text::bytea), now() + interval '1 day' FROM accounts;
INSERT INTO keys (account_id, name, prefix, key_hash) SELECT id, 'k', 'atl_', sha256(id::text::bytea) FROM accounts;
INSERT INTO pipelines (account_id, title, description, tags, visibility, kinds, models, prompts, rating_count, rating_sum)
SELECT a.id, 'Title ' || n, 'word' || n % 997, ARRAY['tag' || n % 100], 'public',
       CASE WHEN n % 50 = 0 THEN ARRAY['edit'] ELSE ARRAY['image', 'text'] END, ARRAY['demo-emoji'], 'a prompt',
       n % 40, (n % 40) * (1 + n % 5)
  FROM generate_series(1, 10000) n
  JOIN (SELECT id, row_number() OVER () AS at FROM accounts) a ON a.at = 1 + n % 2000;
INSERT INTO versions (pipeline_id, number, spec) SELECT id, 1, '{}' FROM pipelines;
INSERT INTO ratings (pipeline_id, account_id, stars)
SELECT p.id, a.id, 3 FROM (SELECT id FROM pipelines LIMIT 5000) p, (SELECT id FROM accounts LIMIT 2) a;
INSERT INTO runs (account_id, pipeline_id, version, inputs, seed, state, finished_at)
SELECT account_id, id, 1, '{"subject": "a fox"}', 7, 'succeeded', now() FROM pipelines;
INSERT INTO tasks (run_id, account_id, ordinal, step, kind, model, revision, queue, guest, needs, params, resolved,
                   state, token, ready_at, finished_at, delivery, seconds, worker)
SELECT id, account_id, 0, 'picture', 'image', 'demo-emoji', 'r', 'image', false, '{}', '{}', '{"prompt": "a fox"}',
       'succeeded', 't', now(), now(), id::text, 1, 'w' FROM runs;
INSERT INTO assets (task_id, k, type, key, thumb_key, width, height, thumbhash, bytes)
SELECT id, 0, 'image', 'media/' || delivery || '/0.png', 'media/' || delivery || '/0.thumb.webp', 64, 64, 'h', 9
  FROM tasks;
INSERT INTO results (run_id, account_id, pipeline_id, version, title, cover_id, excerpt, prompts, kinds, models, about,
                     tags, listed, score, rating_count, leads, top, trend)
SELECT r.id, r.account_id, p.id, 1, p.title, a.id, 'a fox', 'a fox and some more words', p.kinds, p.models,
       p.title || ' ' || p.description, p.tags, true, p.score, p.rating_count, true, p.score, p.hot
  FROM runs r JOIN pipelines p ON p.id = r.pipeline_id JOIN tasks t ON t.run_id = r.id JOIN assets a ON a.task_id = t.id;
"""
BIG = {"accounts", "sessions", "keys", "pipelines", "versions", "ratings", "runs", "tasks", "assets", "results"}


@pytest.fixture(scope="module")
def full(postgres: str) -> Iterator[psycopg.Connection]:
    """A connection, set up as the API's are, to a database with ten thousand of most things."""
    uri = fresh_database(postgres)
    migrations.apply(uri)
    with psycopg.connect(uri, autocommit=True) as conn:
        conn.execute(FILL)
        conn.execute("VACUUM ANALYZE")
        conn.execute("SET plan_cache_mode = 'force_custom_plan'")
        yield conn


def an_id(conn: psycopg.Connection, table: str) -> UUID:
    (row,) = conn.execute(f"SELECT id FROM {table} ORDER BY id OFFSET 4321 % (SELECT count(*) FROM {table}) LIMIT 1")
    return row[0]


def scanned_whole(conn: psycopg.Connection, statement: str, params: dict[str, Any]) -> set[str]:
    """The big tables that the plan of a statement reads from end to end."""
    (row,) = conn.execute(f"EXPLAIN (FORMAT JSON) {statement}", params)
    found, waiting = set(), [row[0][0]["Plan"]]
    while waiting:
        node = waiting.pop()
        if node["Node Type"] in {"Seq Scan", "Parallel Seq Scan"}:
            found.add(node["Relation Name"])
        waiting += node.get("Plans", [])
    return found & BIG


FILTERS = [
    {},
    {"q": "fox"},
    {"q": "word7"},
    {"q": "nothing"},
    {"tag": "tag7"},
    {"kind": "edit"},
    {"kind": "image", "model": "demo-emoji"},
    {"min_rating": 4.0},
    {"author_id": ...},
    {"author_id": ..., "own": True},
    {"q": "word7", "tag": "tag7", "min_rating": 2.0},
]


@pytest.mark.parametrize("changes", FILTERS, ids=str)
@pytest.mark.parametrize("sort", ["top", "new", "trending"])
@pytest.mark.parametrize("noun", ["results", "pipelines"])
@pytest.mark.parametrize("deep", [False, True])
def test_a_page_of_a_list_is_found_by_an_index(
    full: psycopg.Connection, noun: str, sort: Any, changes: dict[str, Any], deep: bool
) -> None:
    if "author_id" in changes:
        changes = changes | {"author_id": an_id(full, "accounts")}
    after = lists.SortKey(3.0 if sort == "top" else START.value, an_id(full, noun)) if deep else START
    params = lists.params(Filters(sort=sort, **changes), after=after, limit=51) | {"pipeline_id": None}
    assert scanned_whole(full, queries.load(noun)[sort], params) == set()


def test_the_order_of_a_plain_page_is_that_of_its_index(full: psycopg.Connection) -> None:
    for noun in ("results", "pipelines"):
        for sort in ("top", "new", "trending"):
            params = lists.params(Filters(sort=sort), after=START, limit=51) | {"pipeline_id": None}  # type: ignore[arg-type]
            (row,) = full.execute(f"EXPLAIN (FORMAT JSON) {queries.load(noun)[sort]}", params)
            node = row[0][0]["Plan"]
            while "Index Name" not in node:
                node = node["Plans"][0]
            assert node["Index Name"] in INDEXES[noun, sort], node


INDEXES = {
    ("results", "top"): {"results_by_top"},
    ("results", "new"): {"results_new", "results_pkey"},
    ("results", "trending"): {"results_by_trend"},
    ("pipelines", "top"): {"pipelines_top"},
    ("pipelines", "new"): {"pipelines_new", "pipelines_pkey"},
    ("pipelines", "trending"): {"pipelines_trending"},
}


@pytest.mark.parametrize(
    ("noun", "query"),
    [
        ("accounts", "of_session"),
        ("accounts", "of_key"),
        ("accounts", "password_of_login"),
        ("accounts", "id_of"),
        ("accounts", "profile"),
        ("keys", "page"),
        ("pipelines", "find"),
        ("pipelines", "lock"),
        ("pipelines", "cards"),
        ("pipelines", "list_results"),
        ("ratings", "rate"),
        ("ratings", "update_results"),
        ("lineage", "family"),
        ("lineage", "parent_result"),
        ("versions", "find"),
        ("versions", "page"),
        ("results", "cards"),
        ("results", "choose_leading"),
        ("results", "steps"),
        ("results", "lock_run"),
        ("results", "publish"),
        ("stats", "speeds"),
    ],
)
def test_single_things_are_found_by_an_index(full: psycopg.Connection, noun: str, query: str) -> None:
    ids = [an_id(full, noun) for _ in range(50)] if query == "cards" else []
    params = {
        "token_hash": b"x",
        "key_hash": b"x",
        "login": "person-7",
        "handle": "person-7",
        "account_id": an_id(full, "accounts"),
        "viewer_id": an_id(full, "accounts"),
        "pipeline_id": an_id(full, "pipelines"),
        "run_id": an_id(full, "runs"),
        "result_id": an_id(full, "results"),
        "number": 1,
        "before": 9 if noun == "versions" else uuid4(),
        "limit": 51,
        "stars": 5,
        "ids": ids,
        "title": None,
        "cover": None,
        "models": ["demo-emoji"],
    }
    assert scanned_whole(full, queries.load(noun)[query], params) == set()
