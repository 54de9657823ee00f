"""CloudFormation asks for migrations, and hears at its own address how it went."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lambdas.migrate import handler as migrate
from lambdas.migrate import resource
from lambdas.store import migrations
from tests.services.postgres import fresh_database

STACK = "arn:aws:cloudformation:eu-central-1:123456789012:stack/atelier-small-api/1"


class Mailbox:
    """The address that CloudFormation gives along, and what arrived there."""

    def __init__(self) -> None:
        self.letters: list[dict[str, Any]] = []
        self.types: list[str | None] = []
        mailbox = self

        class Desk(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                mailbox.letters.append(json.loads(body))
                mailbox.types.append(self.headers["Content-Type"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Desk)
        self.url = f"http://127.0.0.1:{self.server.server_port}/answer?signature=x"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    thread = threading.Thread(target=box.server.serve_forever)
    thread.start()
    yield box
    box.server.shutdown()
    thread.join()
    box.server.server_close()


@pytest.fixture
def empty(postgres: str) -> str:
    return fresh_database(postgres)


def a_request(mailbox: Mailbox, *, kind: str = "Create", wanted: str = "m1") -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ResponseURL": mailbox.url,
        "StackId": STACK,
        "RequestId": "r-1",
        "LogicalResourceId": "Migrated",
        "ResourceType": "Custom::Migrated",
        "ResourceProperties": {"ServiceToken": "arn:aws:lambda:…", "Migrations": wanted},
    }


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_deployment_applies_what_its_code_carries(
    mailbox: Mailbox, empty: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("ATELIER_DATABASE_URL", empty)
    monkeypatch.setenv("ATELIER_MIGRATIONS", "m1")
    files = sorted(path.name for path in migrations.FOLDER.glob("*.sql"))
    assert migrate.handler(a_request(mailbox, kind=kind), None) == {"applied": files}
    (letter,) = mailbox.letters
    assert (letter["Status"], letter["PhysicalResourceId"]) == ("SUCCESS", "migrations")
    assert (letter["StackId"], letter["RequestId"]) == (STACK, "r-1")
    assert letter["LogicalResourceId"] == "Migrated"
    assert mailbox.types == [""], "S3 has signed the address for an empty one"


def test_a_failing_migration_fails_the_deployment_and_says_why(mailbox: Mailbox, empty: str, tmp_path: Path) -> None:
    (tmp_path / "0001_wrong.sql").write_text("SELECT 1 / 0")
    applied = resource.answer(a_request(mailbox), carried="m1", apply=lambda: migrations.apply(empty, tmp_path))
    assert applied == []
    (letter,) = mailbox.letters
    assert (letter["Status"], letter["Reason"]) == ("FAILED", "0001_wrong.sql: DivisionByZero: division by zero")


def test_neither_the_reason_nor_the_log_quotes_a_row(
    mailbox: Mailbox, empty: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    statements = "CREATE TABLE people (email text UNIQUE); INSERT INTO people VALUES ('ana@x.test'), ('ana@x.test')"
    (tmp_path / "0001_twice.sql").write_text(statements)
    resource.answer(a_request(mailbox), carried="m1", apply=lambda: migrations.apply(empty, tmp_path))
    (letter,) = mailbox.letters
    assert letter["Reason"].startswith("0001_twice.sql: UniqueViolation: ")
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "ana@" not in f"{letter} {caplog.text} {vars(record)}"
    assert record.__dict__["reason"] == letter["Reason"]


def test_a_rollback_s_request_for_other_migrations_is_granted_without_doing_anything(mailbox: Mailbox) -> None:
    calls: list[str] = []

    def apply() -> list[str]:
        calls.append("applied")
        return []

    for request in (a_request(mailbox, kind="Update", wanted="m0"), a_request(mailbox, kind="Delete")):
        resource.answer(request, carried="m1", apply=apply)
    assert [letter["Status"] for letter in mailbox.letters] == ["SUCCESS", "SUCCESS"]
    assert calls == []


def test_the_application_s_user_changes_rows_and_no_table(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_DATABASE_URL", empty)
    monkeypatch.setenv("ATELIER_APP_USER", "true")
    migrate.handler({}, None)
    assert migrate.handler({}, None) == {"applied": []}, "a repeat changes nothing"
    with psycopg.connect(empty, user="atelier_app", autocommit=True) as conn:
        account = conn.execute("INSERT INTO accounts (handle, guest) VALUES ('ana', true) RETURNING id").fetchone()
        conn.execute("DELETE FROM accounts WHERE id = %s", account)
        assert conn.execute("SELECT score_of(5, 1)").fetchone() == (3.4,)
        for forbidden in (
            "CREATE TABLE mine (id int)",
            "DROP TABLE results",
            "ALTER TABLE accounts ADD COLUMN more text",
            "TRUNCATE runs",
            "DELETE FROM schema_migrations",
            "SELECT * FROM schema_migrations",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(forbidden)
