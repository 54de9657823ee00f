"""Whatever goes wrong is a problem document with a stable code that names the fields at fault."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from starlette.testclient import TestClient

from lambdas.api.problems import TABLE
from lambdas.domain import errors
from tests.lambdas.api.people import SITE, SPEC, Person, a_pipeline, code, locs, sign_up

JSON = {"Content-Type": "application/json"}
ROOT = Path(__file__).parents[3]


def all_errors(cls: type[errors.DomainError] = errors.DomainError) -> Iterator[type[errors.DomainError]]:
    for inner in cls.__subclasses__():
        yield inner
        yield from all_errors(inner)


def test_every_error_of_the_domain_has_a_row() -> None:
    assert set(all_errors()) == set(TABLE)


def test_every_row_has_a_code_of_its_own() -> None:
    assert len({row.code for row in TABLE.values()}) == len(TABLE)


def test_every_code_that_people_meet_has_a_sentence_on_the_page() -> None:
    page = (ROOT / "web" / "src" / "api" / "problems.ts").read_text()
    said = set(re.findall(r"^  ([a-z_]+): msg`", page, re.MULTILINE))
    sources = [
        path.read_text() for folder in ("gpu_worker", "lambdas/domain") for path in (ROOT / folder).rglob("*.py")
    ]
    failures = {code for source in sources for code in re.findall(r'(?:TaskFailure|Unfillable)\(\s*"(\w+)"', source)}
    assert {"prompt_too_long", "picture_missing"} <= failures
    assert {row.code for row in TABLE.values()} | failures <= said


def test_unknown_paths_and_methods_are_problems_too(anyone: TestClient) -> None:
    assert code(anyone.get("/api/v1/nothing")) == (404, "not_found")
    assert code(anyone.get("/nothing")) == (404, "not_found")
    assert code(anyone.get("/api/v1/results/")) == (404, "not_found")
    answer = anyone.put("/api/v1/results")
    assert code(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


def test_what_can_be_read_can_be_asked_for_its_headers_alone(anyone: TestClient) -> None:
    whole, head = anyone.get("/api/v1/health"), anyone.head("/api/v1/health")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers.items() - whole.headers.items() == {("x-request-id", head.headers["x-request-id"])}
    assert anyone.head("/api/v1/me").status_code == 401
    assert anyone.head("/api/v1/uploads").status_code == 405


@pytest.mark.parametrize("path", ["/health", "/results", "/pipelines", "/kinds", "/me", "/accounts/ana"])
def test_unknown_query_parameters_are_refused_everywhere(ana: Person, path: str) -> None:
    answer = ana.get(path, params={"colour": "red"})
    assert code(answer) == (422, "invalid")
    assert locs(answer) == [["query", "colour"]]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=5.0", "limit"),
        ("limit=%205", "limit"),
        ("limit=true", "limit"),
        ("limit=", "limit"),
        ("limit=5&limit=5", "limit"),
        ("min_rating=0.5", "min_rating"),
        ("min_rating=nan", "min_rating"),
        ("min_rating=1e0", "min_rating"),
        ("sort=best", "sort"),
        ("kind=video", "kind"),
        ("q=", "q"),
        ("model=", "model"),
        ("tag=", "tag"),
        ("q=a%00b", "q"),
        ("q=%ED%A0%80", "query"),
        ("q=%FF", "query"),
        ("author=%D0%B0", "author"),
        ("pipeline=1", "pipeline"),
    ],
)
def test_bad_query_parameters_are_named(anyone: TestClient, query: str, place: str) -> None:
    answer = anyone.get(f"/api/v1/results?{query}")
    assert code(answer) == (422, "invalid")
    assert locs(answer) == [["query", place]]


@pytest.mark.parametrize(
    "bad", ["1", "019c2a7e5b1c7f3a9d2e4b8c1a6f0e57", "{019c2a7e-5b1c-7f3a-9d2e-4b8c1a6f0e57}", "x"]
)
def test_an_id_out_of_form_is_refused(anyone: TestClient, bad: str) -> None:
    answer = anyone.get(f"/api/v1/results/{bad}")
    assert code(answer) == (422, "invalid")
    assert locs(answer) == [["path", "id"]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nothing",
        b'{"title": NaN}',
        b'{"title": 1' + b"0" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe",
        '{"title": "\udcff"}'.encode("utf-8", "surrogateescape"),
    ],
)
def test_a_body_that_is_no_json_is_refused(ana: Person, body: bytes) -> None:
    answer = ana.client.post("/api/v1/pipelines", content=body, headers=JSON)
    assert answer.status_code in {400, 422}
    assert code(answer)[1] in {"malformed_body", "invalid"}


def test_a_body_of_another_type_is_refused(ana: Person) -> None:
    body = json.dumps({"title": "A fox", "spec": SPEC}).encode()
    for declared in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "nonsense"):
        answer = ana.client.post("/api/v1/pipelines", content=body, headers={"Content-Type": declared})
        assert code(answer) == (415, "unsupported_media_type"), declared
    assert code(ana.client.post("/api/v1/pipelines", content=body)) == (415, "unsupported_media_type")
    utf8 = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert ana.client.post("/api/v1/pipelines", content=body, headers=utf8).status_code == 201


@pytest.mark.parametrize("title", [True, 1, None, ["A fox"], "", "  ", "x" * 201, "a\x00b"])
def test_nothing_is_coerced(ana: Person, title: object) -> None:
    answer = ana.post("/pipelines", {"title": title, "spec": SPEC})
    assert code(answer) == (422, "invalid")
    assert locs(answer) == [["body", "title"]]


def test_half_a_surrogate_pair_is_refused_in_values_and_in_names(ana: Person) -> None:
    for body in ('{"title": "\\ud800", "spec": %s}', '{"\\ud800": 1, "title": "A fox", "spec": %s}'):
        content = (body % json.dumps(SPEC)).encode()
        answer = ana.client.post("/api/v1/pipelines", content=content, headers=JSON)
        assert code(answer) == (422, "invalid")
        assert json.loads(answer.content)["errors"]


def test_true_is_no_number(ana: Person, ben: Person) -> None:
    pipeline = a_pipeline(ana)
    answer = ben.put(f"/pipelines/{pipeline['id']}/rating", {"stars": True})
    assert code(answer) == (422, "invalid")
    assert locs(answer) == [["body", "stars"]]


def test_a_body_over_a_megabyte_is_refused_by_its_declared_length(ana: Person) -> None:
    answer = ana.client.post("/api/v1/pipelines", content=b"x" * (1024 * 1024 + 1), headers=JSON)
    assert code(answer) == (413, "too_large")


def test_a_body_over_a_megabyte_is_refused_while_it_streams(app: FastAPI) -> None:
    chunk = 65_536
    given, answers = 0, []

    async def receive() -> dict[str, object]:
        nonlocal given
        given += chunk
        return {"type": "http.request", "body": b" " * chunk, "more_body": True}

    async def send(message: dict[str, object]) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/sessions",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")],
    }
    asyncio.run(app(scope, receive, send))
    assert answers[0]["status"] == 413
    assert given == 1024 * 1024 + chunk, "one chunk over the limit and no more"


def test_an_unexpected_error_says_nothing_of_the_inside(app: FastAPI, ana: Person, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("ALTER TABLE keys RENAME TO keys_away")
        try:
            answer = ana.get("/keys")
        finally:
            conn.execute("ALTER TABLE keys_away RENAME TO keys")
    assert code(answer) == (500, "internal")
    assert "keys_away" not in answer.text
    assert "SELECT" not in answer.text


def test_without_a_connection_the_answer_is_503(start: Callable[..., FastAPI]) -> None:
    app = start(pool_size=1)
    app.state.services.pool.timeout = 0.2
    with app.state.services.pool.connection():
        answer = TestClient(app, base_url=SITE).get("/api/v1/health")
    assert code(answer) == (503, "unavailable")
    assert answer.headers["retry-after"]
    assert TestClient(app, base_url=SITE).get("/api/v1/health").status_code == 200


def test_a_database_that_was_restarted_is_found_again(anyone: TestClient, conn: psycopg.Connection) -> None:
    assert anyone.get("/api/v1/health").status_code == 200
    conn.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert anyone.get("/api/v1/health").status_code == 200


def test_what_a_row_holds_is_not_logged(
    ana: Person, conn: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither here nor by the server, which logs whatever is raised out of the app."""
    conn.execute("ALTER TABLE keys ADD CONSTRAINT keys_nobody CHECK (name <> 'a secret of mine')")
    try:
        answer = ana.post("/keys", {"name": "a secret of mine"})
    finally:
        conn.execute("ALTER TABLE keys DROP CONSTRAINT keys_nobody")
    assert code(answer) == (500, "internal")
    (record,) = [record for record in caplog.records if record.message == "unexpected error"]
    assert "CheckViolation" in record.exception
    assert "a secret of mine" not in "".join(str(vars(each)) for each in caplog.records)


def test_a_commit_that_fails_is_no_success(app: FastAPI, ana: Person, conn: psycopg.Connection) -> None:
    conn.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$")
    conn.execute(
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON keys DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    try:
        answer = ana.post("/keys", {"name": "never"})
    finally:
        conn.execute("DROP TRIGGER refuse ON keys")
        conn.execute("DROP FUNCTION refuse")
    assert code(answer) == (500, "internal")
    assert ana.get("/keys").json()["items"] == []


def test_more_requests_than_connections_and_threads_all_get_their_answer(start: Callable[..., FastAPI]) -> None:
    app = start(pool_size=2)
    with TestClient(app, base_url=SITE) as client, ThreadPoolExecutor(60) as people:
        statuses = list(people.map(lambda _: client.get("/api/v1/pipelines").status_code, range(120)))
    assert statuses == [200] * 120


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("uploads", "image/png"),
        ("keys", "application/json"),
        ("runs", "application/json"),
        ("sessions", "application/json"),
    ],
)
def test_whoever_sends_a_body_slowly_keeps_nobody_waiting(start: Callable[..., FastAPI], path: str, kind: str) -> None:
    app = start(pool_size=1, password_hashings=1)
    ana = sign_up(app, "ana")
    cookie = f"atelier_session={ana.client.cookies['atelier_session']}"
    headers = {"content-type": kind, "content-length": "9", "origin": SITE, "cookie": cookie}

    async def another_asks_meanwhile() -> int:
        begun = asyncio.Event()

        async def never_ending() -> AsyncIterator[bytes]:
            begun.set()
            await asyncio.Event().wait()
            yield b""

        async with AsyncClient(transport=ASGITransport(app), base_url=SITE) as client:
            sending = asyncio.create_task(client.post(f"/api/v1/{path}", content=never_ending(), headers=headers))
            await asyncio.wait_for(begun.wait(), 10)
            answer = await asyncio.wait_for(client.get("/api/v1/health"), 10)
            sending.cancel()
            return answer.status_code

    assert asyncio.run(another_asks_meanwhile()) == 200
