"""Pipelines: what is saved, who sees and changes it, versions and remixes."""

import json
from copy import deepcopy
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.lambdas.api.people import SPEC, Person, a_pipeline, browser, code, locs, sign_up
from tests.lambdas.builders import a_finished_run


def spec_with(step: int, **changes: Any) -> dict[str, Any]:
    spec = deepcopy(SPEC)
    spec["steps"][step].update(changes)
    return spec


def test_a_pipeline_comes_back_complete(ana: Person, anyone: TestClient) -> None:
    made = a_pipeline(ana, description="Draws foxes.", tags=["Fox", "fox ", "лиса"])
    assert made == anyone.get(f"/api/v1/pipelines/{made['id']}").json()
    assert made["author"] == {"handle": "ana"}
    assert made["tags"] == ["Fox", "лиса"]
    assert (made["visibility"], made["parent"]) == ("public", None)
    assert made["kinds"] == ["image", "text"]
    assert made["rating"] == {"average": None, "count": 0, "score": 3.0, "mine": None}
    assert made["counts"] == {"runs": 0, "results": 0, "remixes": 0}
    assert made["version"]["number"] == 1
    picture = made["version"]["spec"]["steps"][1]
    assert picture["params"]["width"] == 64, "the model's default, not the kind's"


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        (spec_with(1, params={"prompt": "{{nobody}}"}), ["steps", 1, "params", "prompt"]),
        (spec_with(0, params={"prompt": "{{picture}}"}), ["steps", 0, "params", "prompt"]),
        (spec_with(0, params={"prompt": "{{ subject }}"}), ["steps", 0, "params", "prompt"]),
        (spec_with(1, name="scene"), ["steps", 1, "name"]),
        (spec_with(1, kind="video"), ["steps", 1]),
        (spec_with(1, model="nothing"), ["steps", 1, "model"]),
        (spec_with(1, model="smollm2-135m"), ["steps", 1, "model"]),
        (spec_with(1, params={"prompt": "x", "width": 4000}), ["steps", 1, "params", "width"]),
        (spec_with(1, params={"prompt": "x", "width": 65}), ["steps", 1, "params", "width"]),
        (spec_with(1, params={"prompt": "x", "count": "2"}), ["steps", 1, "params", "count"]),
        (spec_with(1, params={"prompt": "x", "count": True}), ["steps", 1, "params", "count"]),
        (spec_with(1, params={"prompt": "x", "colour": "red"}), ["steps", 1, "params", "colour"]),
        (spec_with(1, params={}), ["steps", 1, "params", "prompt"]),
        (spec_with(1, params={"prompt": "x" * 8001}), ["steps", 1, "params", "prompt"]),
        (spec_with(1, image="x"), ["steps", 1, "image"]),
        (SPEC | {"steps": []}, ["steps"]),
        (SPEC | {"inputs": [{"name": "Subject", "type": "text"}]}, ["inputs", 0, "name"]),
        (SPEC | {"inputs": [{"name": "subject", "type": "text", "text": "x"}]}, ["inputs", 0, "text"]),
    ],
)
def test_a_spec_that_cannot_run_is_refused_and_the_place_is_named(
    ana: Person, spec: dict[str, Any], place: list[str | int]
) -> None:
    answer = ana.post("/pipelines", {"title": "A fox", "spec": spec})
    assert code(answer) == (422, "invalid")
    assert ["body", "spec", *place] in locs(answer)
    assert ana.get("/pipelines", params={"author": "ana"}).json()["items"] == []


def test_an_image_used_as_text_is_refused(ana: Person) -> None:
    spec = deepcopy(SPEC)
    spec["steps"].append({"name": "more", "kind": "text", "model": "smollm2-135m", "params": {"prompt": "{{picture}}"}})
    answer = ana.post("/pipelines", {"title": "A fox", "spec": spec})
    assert locs(answer) == [["body", "spec", "steps", 2, "params", "prompt"]]


def test_the_longest_prompts_are_kept_and_found(ana: Person) -> None:
    steps = [
        {"name": f"s{n}", "kind": "text", "model": "smollm2-135m", "params": {"prompt": ("слово😀 " * 1143)[:8000]}}
        for n in range(16)
    ]
    made = a_pipeline(ana, spec={"steps": steps}, description="ё" * 8000)
    found = ana.get("/pipelines", params={"q": "слова"}).json()["items"]
    assert [item["id"] for item in found] == [made["id"]]


def test_somebody_else_s_private_pipeline_does_not_exist(ana: Person, ben: Person, anyone: TestClient) -> None:
    path = f"/pipelines/{a_pipeline(ana, visibility='private')['id']}"
    assert ana.get(path).status_code == 200
    for answer in (
        ben.get(path),
        anyone.get(f"/api/v1{path}"),
        ben.patch(path, {"title": "Mine"}),
        ben.delete(path),
        ben.get(f"{path}/versions"),
        ben.get(f"{path}/versions/1"),
        ben.post(f"{path}/versions", {"spec": SPEC}),
        ben.post(f"{path}/remix", {}),
        ben.put(f"{path}/rating", {"stars": 5}),
        ben.delete(f"{path}/rating"),
    ):
        assert code(answer) == (404, "not_found")


def test_an_unlisted_pipeline_is_found_by_its_id_alone(ana: Person, ben: Person) -> None:
    made = a_pipeline(ana, visibility="unlisted")
    assert ben.get(f"/pipelines/{made['id']}").status_code == 200
    assert ben.get("/pipelines").json()["items"] == []
    assert ben.get("/pipelines", params={"author": "ana"}).json()["items"] == []
    assert len(ana.get("/pipelines", params={"author": "ana"}).json()["items"]) == 1


def test_only_its_author_changes_a_pipeline(ana: Person, ben: Person, anyone: TestClient) -> None:
    path = f"/pipelines/{a_pipeline(ana)['id']}"
    assert code(ben.patch(path, {"title": "Mine"})) == (403, "forbidden")
    assert code(ben.delete(path)) == (403, "forbidden")
    assert code(ben.post(f"{path}/versions", {"spec": SPEC})) == (403, "forbidden")
    assert code(anyone.patch(f"/api/v1{path}", json={"title": "Mine"})) == (401, "not_signed_in")
    changed = ana.patch(path, {"title": "A better fox", "tags": []}).json()
    assert (changed["title"], changed["tags"], changed["description"]) == ("A better fox", [], "")


def test_guests_keep_their_pipelines_private(guest: Person, ana: Person) -> None:
    made = a_pipeline(guest)
    assert made["visibility"] == "private"
    assert code(ana.get(f"/pipelines/{made['id']}")) == (404, "not_found")
    answer = guest.post("/pipelines", {"title": "A fox", "spec": SPEC, "visibility": "public"})
    assert code(answer) == (403, "full_account_needed")
    assert code(guest.patch(f"/pipelines/{made['id']}", {"visibility": "unlisted"})) == (403, "full_account_needed")
    remixed = guest.post(f"/pipelines/{a_pipeline(ana)['id']}/remix", {})
    assert remixed.json()["visibility"] == "private"


def test_versions_are_numbered_and_never_change(ana: Person) -> None:
    path = f"/pipelines/{a_pipeline(ana)['id']}"
    second = ana.post(f"{path}/versions", {"spec": spec_with(0, params={"prompt": "New"}), "note": "shorter"})
    assert (second.status_code, second.json()["number"]) == (201, 2)
    assert ana.get(path).json()["version"] == {"number": 2, "spec": second.json()["spec"]}
    assert ana.get(f"{path}/versions/1").json()["spec"]["steps"][0]["params"]["prompt"] == "Describe {{subject}}."
    listed = ana.get(f"{path}/versions", params={"limit": 1}).json()
    assert [(v["number"], v["note"]) for v in listed["items"]] == [(2, "shorter")]
    rest = ana.get(f"{path}/versions", params={"limit": 1, "cursor": listed["next"]}).json()
    assert ([v["number"] for v in rest["items"]], rest["next"]) == ([1], None)
    assert code(ana.get(f"{path}/versions/3")) == (404, "not_found")
    assert code(ana.get(f"{path}/versions/0")) == (422, "invalid")
    assert code(ana.get(f"{path}/versions/99999999999")) == (422, "invalid")


def test_a_remix_copies_the_version_and_names_it(ana: Person, ben: Person) -> None:
    made = a_pipeline(ana, tags=["fox"])
    ana.post(f"/pipelines/{made['id']}/versions", {"spec": spec_with(0, params={"prompt": "Second"})})
    latest = ben.post(f"/pipelines/{made['id']}/remix", {})
    assert latest.status_code == 201
    assert latest.json()["parent"] == {"pipeline": made["id"], "version": 2}
    assert latest.json()["author"] == {"handle": "ben"}
    assert (latest.json()["title"], latest.json()["tags"]) == ("A fox", ["fox"])
    first = ben.post(f"/pipelines/{made['id']}/remix", {"version": 1, "title": "My fox"}).json()
    assert first["parent"] == {"pipeline": made["id"], "version": 1}
    assert first["version"] == {"number": 1, "spec": made["version"]["spec"]}
    assert first["title"] == "My fox"
    assert ana.get(f"/pipelines/{made['id']}").json()["counts"]["remixes"] == 2
    assert code(ben.post(f"/pipelines/{made['id']}/remix", {"version": 9})) == (404, "not_found")


def test_a_version_of_older_rules_is_shown_but_neither_remixed_nor_run(ana: Person, conn: psycopg.Connection) -> None:
    made = a_pipeline(ana)
    poem = SPEC | {"steps": [SPEC["steps"][0] | {"kind": "poem"}]}
    conn.execute("UPDATE versions SET spec = %s", (json.dumps(poem),))
    assert ana.get(f"/pipelines/{made['id']}").json()["version"]["spec"] == poem
    for answer in (ana.post(f"/pipelines/{made['id']}/remix", {}), ana.post("/runs", {"pipeline": made["id"]})):
        assert code(answer) == (422, "invalid")
        assert locs(answer) == [["body", "version"]]


def test_a_deleted_pipeline_vanishes_but_what_others_used_stays_readable(ana: Person, ben: Person) -> None:
    made = a_pipeline(ana)
    ana.post(f"/pipelines/{made['id']}/versions", {"spec": SPEC})
    ben.post(f"/pipelines/{made['id']}/remix", {"version": 1})
    assert ana.delete(f"/pipelines/{made['id']}").status_code == 204
    assert code(ana.get(f"/pipelines/{made['id']}")) == (404, "not_found")
    assert code(ana.delete(f"/pipelines/{made['id']}")) == (404, "not_found")
    assert made["id"] not in ben.get("/pipelines").text.replace(f'"pipeline":"{made["id"]}"', "")
    version = ben.get(f"/pipelines/{made['id']}/versions/1").json()
    assert (version["author"], version["spec"]) == (None, made["version"]["spec"])
    assert code(ben.get(f"/pipelines/{made['id']}/versions/2")) == (404, "not_found")


def test_a_published_result_shows_its_version_of_a_private_pipeline(
    ana: Person, ben: Person, conn: psycopg.Connection
) -> None:
    made = a_pipeline(ana, visibility="private")
    ana.post(f"/pipelines/{made['id']}/versions", {"spec": SPEC})
    run = a_finished_run(conn, account=ana.id, pipeline=made["id"], version=1)
    assert code(ben.get(f"/pipelines/{made['id']}/versions/1")) == (404, "not_found")
    assert ana.put(f"/runs/{run}/result", {}).status_code == 201
    assert ben.get(f"/pipelines/{made['id']}/versions/1").status_code == 200
    assert code(ben.get(f"/pipelines/{made['id']}/versions/2")) == (404, "not_found")
    assert code(ben.get(f"/pipelines/{made['id']}")) == (404, "not_found")
    remix = ben.post(f"/pipelines/{made['id']}/remix", {"version": 1})
    assert remix.status_code == 201


def test_erasing_an_account_leaves_what_is_public_without_a_name(
    app: FastAPI, ana: Person, ben: Person, conn: psycopg.Connection
) -> None:
    public, private = a_pipeline(ana), a_pipeline(ana, visibility="private")
    others = a_pipeline(ben)
    published, unpublished = (a_finished_run(conn, account=ana.id, pipeline=public["id"]) for _ in range(2))
    result = ana.put(f"/runs/{published}/result", {}).json()
    ana.put(f"/pipelines/{others['id']}/rating", {"stars": 1})
    key = ana.post("/keys", {"name": "a key"}).json()["key"]
    assert ana.delete("/me").status_code == 202
    assert ana.get("/me").status_code == 401
    assert browser(app).get("/api/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    assert code(ben.get("/accounts/ana")) == (404, "not_found")
    assert ben.get(f"/pipelines/{public['id']}").json()["author"] is None
    assert ben.get(f"/results/{result['id']}").json()["author"] is None
    assert ben.get(f"/pipelines/{others['id']}").json()["rating"]["count"] == 0
    assert conn.execute("SELECT id FROM runs").fetchall() == [(published,)]
    (row,) = conn.execute("SELECT deleted_at IS NOT NULL FROM pipelines WHERE id = %s", (private["id"],))
    assert row[0]
    doomed = {row[0] for row in conn.execute("SELECT prefix FROM doomed_media")}
    assert len(doomed) == 2, "the folders of the unpublished run's two tasks"
    assert not any(output["url"].removeprefix("/").startswith(tuple(doomed)) for output in [result["cover"]])
    (row,) = conn.execute("SELECT count(*) FROM accounts WHERE handle = 'ana' OR email LIKE 'ana%%'")
    assert row[0] == 0
    assert sign_up(app, "ana").id != ana.id, "the handle is free again"
    del unpublished
