"""A request's id is the same in its answer, in its problem document and in every line that it logs."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import psycopg
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from contract.logs import JsonFormatter
from lambdas.domain.errors import Conflict
from tests.lambdas.api.people import SITE, Person, code

WORDS = "what somebody wrote"
log = logging.getLogger(__name__)


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, str]]]]:
    """What was logged as JSON since the test began."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def broken(app: FastAPI) -> TestClient:
    """An API with calls that log, are refused, and break."""

    def refused() -> None:
        log.warning("refusing")
        raise Conflict("No.")

    def breaks() -> None:
        try:
            int(WORDS)
        except ValueError as error:
            raise RuntimeError(WORDS) from error

    app.get("/refused")(refused)
    app.get("/breaks")(breaks)
    return TestClient(app, base_url=SITE)


def test_an_answer_names_its_request(anyone: TestClient) -> None:
    first, second = (anyone.get("/api/v1/kinds").headers["x-request-id"] for _ in range(2))
    assert len(first) == len(second) == 32
    assert first != second


def test_a_problem_and_the_lines_of_its_request_share_an_id(
    broken: TestClient, lines: Callable[[], list[dict[str, str]]]
) -> None:
    answer = broken.get("/refused")
    assert code(answer) == (409, "conflict")
    (line,) = lines()
    assert line["message"] == "refusing"
    assert line["request_id"] == answer.json()["request_id"] == answer.headers["x-request-id"]


def test_an_error_of_ours_leaves_its_trace_without_words(
    broken: TestClient, lines: Callable[[], list[dict[str, str]]]
) -> None:
    answer = broken.get("/breaks")
    assert code(answer) == (500, "internal")
    (line,) = lines()
    assert line["request_id"] == answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "in breaks" in line["exception"]
    assert line["exception"].index("ValueError") < line["exception"].index("RuntimeError")
    assert WORDS not in json.dumps(line)


def test_an_error_of_the_database_leaves_its_trace_too(
    ana: Person, conn: psycopg.Connection, lines: Callable[[], list[dict[str, str]]]
) -> None:
    conn.execute("ALTER TABLE keys RENAME TO keys_away")
    try:
        answer = ana.get("/keys")
    finally:
        conn.execute("ALTER TABLE keys_away RENAME TO keys")
    (line,) = lines()
    assert line["request_id"] == answer.json()["request_id"]
    assert "UndefinedTable" in line["exception"]


def test_a_line_outside_of_a_request_has_no_id(lines: Callable[[], list[dict[str, str]]]) -> None:
    log.warning("starting")
    assert "request_id" not in lines()[0]
