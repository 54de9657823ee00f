"""Whatever becomes of a pipeline, strangers read nothing of it that is newer than what was public when they used it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from lambdas.store import queries
from tests.lambdas.api.people import SITE, Person, a_pipeline, code, sign_up
from tests.lambdas.builders import a_finished_run

OLD = {"title": "Oldtitle", "description": "Olddescription", "tags": ["oldtag"]}
NEW = {"title": "Newtitle", "description": "Newdescription", "tags": ["newtag"]}
NEWER_WORDS = ("newtitle", "newdescription", "newtag")


@dataclass(frozen=True)
class Used:
    """Ana's pipeline, which ben ran, published and remixed while it was public."""

    id: str
    result: str
    remix: str
    run: str


@pytest.fixture
def used(ana: Person, ben: Person, conn: psycopg.Connection) -> Used:
    pipeline = a_pipeline(ana, **OLD)["id"]
    run = str(a_finished_run(conn, account=ben.id, pipeline=pipeline))
    result = ben.put(f"/runs/{run}/result", {"title": "Mine"}).json()["id"]
    remix = ben.post(f"/pipelines/{pipeline}/remix", {}).json()["id"]
    return Used(pipeline, result, remix, run)


@pytest.fixture
def stranger(app: FastAPI, request: pytest.FixtureRequest) -> TestClient:
    return TestClient(app, base_url=SITE, raise_server_exceptions=False)


def made_private(ana: Person, used: Used, _conn: psycopg.Connection) -> None:
    ana.patch(f"/pipelines/{used.id}", {"visibility": "private"})
    ana.patch(f"/pipelines/{used.id}", NEW)


def made_private_and_renamed_at_once(ana: Person, used: Used, _conn: psycopg.Connection) -> None:
    ana.patch(f"/pipelines/{used.id}", NEW | {"visibility": "private"})


def renamed_and_deleted(ana: Person, used: Used, _conn: psycopg.Connection) -> None:
    ana.patch(f"/pipelines/{used.id}", NEW | {"visibility": "private"})
    ana.delete(f"/pipelines/{used.id}")


def hidden(ana: Person, used: Used, conn: psycopg.Connection) -> None:
    ana.patch(f"/pipelines/{used.id}", NEW | {"visibility": "private"})
    ana.patch(f"/pipelines/{used.id}", {"visibility": "public"})
    hide(conn, used.id)


def erased_with_its_author(ana: Person, used: Used, _conn: psycopg.Connection) -> None:
    ana.patch(f"/pipelines/{used.id}", NEW | {"visibility": "private"})
    assert ana.delete("/me").status_code == 202


ENDS: list[Callable[[Person, Used, psycopg.Connection], None]] = [
    made_private,
    made_private_and_renamed_at_once,
    renamed_and_deleted,
    hidden,
    erased_with_its_author,
]


def hide(conn: psycopg.Connection, pipeline: str) -> None:
    """What a moderator's decision does to a pipeline."""
    conn.execute("UPDATE pipelines SET hidden_at = now() WHERE id = %s", (pipeline,))
    conn.execute(queries.load("pipelines")["list_results"], {"pipeline_id": pipeline})


def everything_read(client: Any, used: Used) -> str:
    """Whatever a caller can read that has to do with the pipeline."""
    paths = [
        f"/results/{used.result}",
        f"/pipelines/{used.id}",
        f"/pipelines/{used.id}/versions",
        f"/pipelines/{used.id}/versions/1",
        f"/pipelines/{used.remix}",
        "/results",
        "/pipelines",
        "/accounts/ana",
        f"/results?pipeline={used.id}",
        *(f"/{noun}?q={word}" for noun in ("results", "pipelines") for word in NEWER_WORDS),
        *(f"/{noun}?tag=newtag" for noun in ("results", "pipelines")),
        "/results?author=ben",
        "/pipelines?author=ben",
    ]
    return "".join(client.get(path if client.__class__ is Person else f"/api/v1{path}").text for path in paths)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_nothing_newer_than_what_was_public_comes_out(
    ana: Person, ben: Person, stranger: TestClient, used: Used, conn: psycopg.Connection, end: Callable[..., None]
) -> None:
    end(ana, used, conn)
    for reader in (ben, stranger):
        read = everything_read(reader, used).lower()
        assert not [word for word in NEWER_WORDS if word in read]
    remix = ben.post(f"/pipelines/{used.id}/remix", {"version": 1})
    assert not [word for word in NEWER_WORDS if word in remix.text.lower()]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_words_that_are_not_public_find_nothing(
    ana: Person, ben: Person, stranger: TestClient, used: Used, conn: psycopg.Connection, end: Callable[..., None]
) -> None:
    """Not even one's own old result."""
    end(ana, used, conn)
    for word in NEWER_WORDS:
        assert stranger.get(f"/api/v1/results?q={word}").json()["items"] == []
        assert ben.get("/results", params={"q": word, "author": "ben"}).json()["items"] == []


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_a_list_forgets_what_is_not_for_everybody(
    ana: Person, stranger: TestClient, used: Used, conn: psycopg.Connection, end: Callable[..., None]
) -> None:
    end(ana, used, conn)
    assert used.id not in stranger.get("/api/v1/pipelines").text
    assert stranger.get("/api/v1/results").json()["items"] == []


def test_an_old_result_tells_what_its_pipeline_said_when_it_was_published(ana: Person, ben: Person, used: Used) -> None:
    before = ben.get(f"/results/{used.result}").json()["pipeline"]
    assert (before["title"], before["rating"]["count"]) == ("Oldtitle", 0)
    made_private(ana, used, None)  # type: ignore[arg-type]
    kept = ben.get(f"/results/{used.result}").json()["pipeline"]
    assert (kept["title"], kept["rating"], kept["parent"]) == ("Oldtitle", None, None)
    own = ana.get(f"/results/{used.result}").json()["pipeline"]
    assert (own["title"], own["rating"]["count"]) == ("Newtitle", 0)


def test_a_remix_of_what_went_private_has_the_words_of_then(ana: Person, ben: Person, used: Used) -> None:
    made_private(ana, used, None)  # type: ignore[arg-type]
    remix = ben.post(f"/pipelines/{used.id}/remix", {"version": 1}).json()
    assert {name: remix[name] for name in OLD} == OLD


def test_a_version_that_was_never_public_has_no_words_for_others(
    ana: Person, ben: Person, conn: psycopg.Connection
) -> None:
    pipeline = a_pipeline(ana, **NEW, visibility="private")["id"]
    run = a_finished_run(conn, account=ana.id, pipeline=pipeline)
    result = ana.put(f"/runs/{run}/result", {"title": "Shown"}).json()
    assert result["pipeline"]["title"] == "Newtitle", "its author sees it"
    shown = ben.get(f"/results/{result['id']}").json()
    assert (shown["title"], shown["pipeline"]["title"]) == ("Shown", None)
    remix = ben.post(f"/pipelines/{pipeline}/remix", {"version": 1}).json()
    assert (remix["title"], remix["description"], remix["tags"]) == ("A remix", "", [])
    assert ben.get("/results", params={"q": "newdescription"}).json()["items"] == []


def test_what_is_public_again_is_told_again(ana: Person, ben: Person, used: Used) -> None:
    made_private(ana, used, None)  # type: ignore[arg-type]
    ana.patch(f"/pipelines/{used.id}", {"visibility": "public"})
    assert ben.get(f"/pipelines/{used.id}").json()["title"] == "Newtitle"
    assert ben.get(f"/results/{used.result}").json()["pipeline"]["title"] == "Newtitle"
    assert [item["id"] for item in ben.get("/results").json()["items"]] == [used.result]


def test_an_unlisted_pipeline_is_for_whoever_has_its_address_and_in_no_list(
    ana: Person, stranger: TestClient, used: Used
) -> None:
    ana.patch(f"/pipelines/{used.id}", NEW | {"visibility": "unlisted"})
    assert stranger.get(f"/api/v1/pipelines/{used.id}").json()["title"] == "Newtitle"
    lists = [stranger.get(f"/api/v1/{noun}").json()["items"] for noun in ("results", "pipelines")]
    assert [[item["title"] for item in items] for items in lists] == [[], ["Oldtitle"]], "ben's remix is public"
    assert stranger.get("/api/v1/results?q=newtitle").json()["items"] == []


def test_a_hidden_result_is_nobody_s_but_its_author_s(
    ana: Person, ben: Person, stranger: TestClient, used: Used, conn: psycopg.Connection
) -> None:
    picture = ben.get(f"/results/{used.result}").json()["cover"]["id"]
    conn.execute("UPDATE results SET hidden_at = now() WHERE id = %s", (used.result,))
    assert code(stranger.get(f"/api/v1/results/{used.result}")) == (404, "not_found")
    assert code(ana.get(f"/results/{used.result}")) == (404, "not_found")
    assert ben.get(f"/results/{used.result}").status_code == 200
    assert stranger.get("/api/v1/results").json()["items"] == []
    edit = a_pipeline(ana, spec=EDIT)["id"]
    answer = ana.post("/runs", {"pipeline": edit, "inputs": {"photo": picture}})
    assert [fault["code"] for fault in answer.json()["errors"]] == ["unknown_picture"]


def test_a_hidden_pipeline_is_not_run_read_or_rated_by_others(
    ana: Person, ben: Person, used: Used, conn: psycopg.Connection
) -> None:
    hide(conn, used.id)
    answers = (
        ben.get(f"/pipelines/{used.id}"),
        ben.post("/runs", {"pipeline": used.id}),
        ben.put(f"/pipelines/{used.id}/rating", {"stars": 5}),
    )
    assert [code(answer) for answer in answers] == [(404, "not_found")] * 3
    assert ana.get(f"/pipelines/{used.id}").status_code == 200
    assert ben.get(f"/results/{used.result}").json()["pipeline"]["title"] is None


def test_nothing_of_an_account_that_closes_is_listed(
    app: FastAPI, ana: Person, ben: Person, stranger: TestClient, used: Used, conn: psycopg.Connection
) -> None:
    for person in (ana, ben):
        conn.execute("UPDATE accounts SET closing_at = now() WHERE id = %s", (person.id,))
    lists = [stranger.get(f"/api/v1/{noun}").json()["items"] for noun in ("results", "pipelines")]
    assert lists == [[], []]
    assert code(stranger.get("/api/v1/accounts/ana")) == (404, "not_found")


def test_a_sign_up_is_confirmed_where_no_mail_is_sent(app: FastAPI, conn: psycopg.Connection) -> None:
    sign_up(app, "cleo")
    assert conn.execute("SELECT count(*) FROM accounts WHERE confirmed_at IS NULL").fetchone() == (0,)


EDIT = json.loads(
    '{"inputs": [{"name": "photo", "label": "", "type": "image"}], "steps": [{"name": "new", "kind": "edit",'
    ' "model": "demo-emoji", "params": {"prompt": "blue", "image": "{{photo}}"}}]}'
)
