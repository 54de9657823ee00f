"""Publishing runs, and how a result tells what made it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from contract.keys import media_url
from contract.seeds import output_seed
from lambdas.aws import media
from lambdas.domain.errors import RunPublished
from lambdas.store import erasure, results, runs
from tests.lambdas.api.people import Person, a_pipeline, code, locs, sign_up
from tests.lambdas.builders import a_finished_run, someone_waits
from tests.services.ministack import aws
from tests.wait import until


def a_result(person: Person, conn: psycopg.Connection, **run: object) -> dict[str, Any]:
    pipeline = a_pipeline(person)
    run_id = a_finished_run(conn, account=person.id, pipeline=pipeline["id"], **run)
    answer = person.put(f"/runs/{run_id}/result", {})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_result_tells_everything_that_made_it(ana: Person, anyone: TestClient, conn: psycopg.Connection) -> None:
    pipeline = a_pipeline(ana)
    run = a_finished_run(conn, account=ana.id, pipeline=pipeline["id"], seed=7)
    made = ana.put(f"/runs/{run}/result", {"title": "Sleeping fox"}).json()
    assert anyone.get(f"/api/v1/results/{made['id']}").json() == made
    assert (made["title"], made["run"], made["seed"]) == ("Sleeping fox", str(run), 7)
    assert made["author"] == {"handle": "ana"}
    assert made["inputs"] == {"subject": "a red fox"}
    rating = {"average": None, "count": 0, "score": 3.0}
    expected = {"id": pipeline["id"], "title": "A fox", "version": 1, "rating": rating, "parent": None}
    assert made["pipeline"] == expected
    assert made["excerpt"] == "A red fox sleeps under an oak."
    text, picture = made["tasks"]
    assert (text["step"], text["kind"], text["prompt"]) == ("scene", "text", "Describe a red fox.")
    assert text["params"] == {"prompt": "Describe a red fox.", "temperature": 0.7}
    assert text["seed"] == output_seed(7, step="scene", k=0)
    assert text["outputs"][0]["text"] == "A red fox sleeps under an oak."
    assert (picture["model"], picture["seconds"], picture["revision"]) == ("demo-emoji", 2.5, "a" * 40)
    assert (text["hardware"], picture["hardware"]) == (None, "NVIDIA L4, torch 2")
    assert [output["type"] for output in picture["outputs"]] == ["image", "image"]
    assert made["cover"] == picture["outputs"][0]


def test_the_database_writes_outputs_as_the_contract_says(ana: Person, conn: psycopg.Connection) -> None:
    made = a_result(ana, conn)
    (row,) = conn.execute("SELECT key, thumb_key FROM assets WHERE id = %s", (made["cover"]["id"],))
    assert (made["cover"]["url"], made["cover"]["thumb_url"]) == (media_url(row[0]), media_url(row[1]))


def test_publishing_again_changes_what_is_given(ana: Person, conn: psycopg.Connection) -> None:
    made = a_result(ana, conn)
    second = made["tasks"][1]["outputs"][1]["id"]
    path = f"/runs/{made['run']}/result"
    again = ana.put(path, {"cover": second})
    assert again.status_code == 200
    assert (again.json()["id"], again.json()["cover"]["id"], again.json()["title"]) == (made["id"], second, "A fox")
    renamed = ana.put(path, {"title": "Better"}).json()
    assert (renamed["title"], renamed["cover"]["id"]) == ("Better", second)
    assert ana.get(f"/pipelines/{made['pipeline']['id']}").json()["counts"]["results"] == 1


def test_a_text_may_be_the_cover(ana: Person, conn: psycopg.Connection) -> None:
    made = a_result(ana, conn)
    text = made["tasks"][0]["outputs"][0]
    again = ana.put(f"/runs/{made['run']}/result", {"cover": text["id"]}).json()
    assert (again["cover"], again["excerpt"]) == (text, "A red fox sleeps under an oak.")


def test_a_cover_must_be_of_the_run(ana: Person, conn: psycopg.Connection) -> None:
    one, other = a_result(ana, conn), a_result(ana, conn)
    for cover in (other["cover"]["id"], str(uuid4())):
        answer = ana.put(f"/runs/{one['run']}/result", {"cover": cover})
        assert code(answer) == (422, "invalid")
        assert locs(answer) == [["body", "cover"]]


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_only_a_run_that_succeeded_is_published(ana: Person, conn: psycopg.Connection, state: str) -> None:
    run = a_finished_run(conn, account=ana.id, pipeline=a_pipeline(ana)["id"], state=state)
    assert code(ana.put(f"/runs/{run}/result", {})) == (409, "run_not_succeeded")


def test_nobody_publishes_or_withdraws_the_runs_of_others(ana: Person, ben: Person, conn: psycopg.Connection) -> None:
    made = a_result(ana, conn)
    assert code(ben.put(f"/runs/{made['run']}/result", {})) == (404, "not_found")
    assert code(ben.delete(f"/runs/{made['run']}/result")) == (404, "not_found")


def test_guests_do_not_publish(guest: Person, ana: Person, conn: psycopg.Connection) -> None:
    run = a_finished_run(conn, account=guest.id, pipeline=a_pipeline(ana)["id"])
    assert code(guest.put(f"/runs/{run}/result", {})) == (403, "full_account_needed")


def test_from_a_private_pipeline_only_its_author_publishes(ana: Person, ben: Person, conn: psycopg.Connection) -> None:
    pipeline = a_pipeline(ana)
    runs = [a_finished_run(conn, account=person.id, pipeline=pipeline["id"]) for person in (ana, ben)]
    ana.patch(f"/pipelines/{pipeline['id']}", {"visibility": "private"})
    assert code(ben.put(f"/runs/{runs[1]}/result", {})) == (403, "forbidden")
    assert ana.put(f"/runs/{runs[0]}/result", {}).status_code == 201
    assert len(ben.get("/results").json()["items"]) == 1, "who publishes wants it seen"


def test_nothing_is_published_from_a_deleted_pipeline(ana: Person, conn: psycopg.Connection) -> None:
    pipeline = a_pipeline(ana)
    run = a_finished_run(conn, account=ana.id, pipeline=pipeline["id"])
    ana.delete(f"/pipelines/{pipeline['id']}")
    assert code(ana.put(f"/runs/{run}/result", {})) == (409, "pipeline_deleted")


def test_results_of_others_leave_the_lists_with_the_pipeline_they_used(
    ana: Person, ben: Person, conn: psycopg.Connection
) -> None:
    pipeline = a_pipeline(ana)
    run = a_finished_run(conn, account=ben.id, pipeline=pipeline["id"])
    made = ben.put(f"/runs/{run}/result", {}).json()
    ana.delete(f"/pipelines/{pipeline['id']}")
    assert ana.get("/results").json()["items"] == []
    assert [item["id"] for item in ben.get("/results", params={"author": "ben"}).json()["items"]] == [made["id"]]
    assert ana.get(f"/results/{made['id']}").status_code == 200
    assert ana.get(f"/pipelines/{pipeline['id']}/versions/1").json()["author"] is None


def test_a_withdrawn_result_is_gone_and_its_addresses_with_it(
    bucket_app: FastAPI, ministack: str, conn: psycopg.Connection
) -> None:
    ana = sign_up(bucket_app, "ana")
    s3, bucket = aws("s3", ministack), bucket_app.state.services.settings.media_bucket
    made = a_result(ana, conn)
    old = [
        o[name].removeprefix("/")
        for t in made["tasks"]
        for o in t["outputs"]
        for name in ("url", "thumb_url")
        if name in o
    ]
    for key in old:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), ContentType="image/png")
    assert ana.delete(f"/runs/{made['run']}/result").status_code == 204
    assert code(ana.get(f"/results/{made['id']}")) == (404, "not_found")
    assert code(ana.delete(f"/runs/{made['run']}/result")) == (404, "not_found")
    assert ana.get(f"/pipelines/{made['pipeline']['id']}").json()["counts"]["results"] == 0
    doomed = tuple(row[0] for row in conn.execute("SELECT prefix FROM doomed_media"))
    assert all(key.startswith(doomed) for key in old)
    again = ana.put(f"/runs/{made['run']}/result", {}).json()
    new = [
        o[name].removeprefix("/")
        for t in again["tasks"]
        for o in t["outputs"]
        for name in ("url", "thumb_url")
        if name in o
    ]
    assert len(new) == len(old) == 5
    for before, after in zip(old, new, strict=True):
        assert not after.startswith(doomed)
        stored = s3.get_object(Bucket=bucket, Key=after)
        assert (stored["Body"].read(), stored["ContentType"]) == (before.encode(), "image/png")


def test_what_was_withdrawn_is_still_there_when_the_copies_fail(ana: Person, conn: psycopg.Connection) -> None:
    made = a_result(ana, conn)
    assert code(ana.delete(f"/runs/{made['run']}/result")) == (503, "unavailable")
    assert ana.get(f"/results/{made['id']}").json() == made


def test_copies_that_nobody_took_over_are_deleted_in_time(ana: Person, conn: psycopg.Connection) -> None:
    made = a_result(ana, conn)
    ana.delete(f"/runs/{made['run']}/result")
    doomed = conn.execute("SELECT prefix, due_at > now() FROM doomed_media").fetchall()
    assert [later for _, later in doomed] == [True] * 2, "one folder a delivery, once no copy is under way"
    assert not any(media_urls(made, prefix) for prefix, _ in doomed)


def test_media_that_is_moved_by_somebody_else_meanwhile_is_left_to_them(
    ana: Person, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = a_result(ana, conn)
    run, account = UUID(made["run"]), UUID(ana.id)

    def another_moves_it(*_args: object, **_more: object) -> None:
        monkeypatch.setattr(media, "copy", lambda *_args, **_more: None)
        results.move_media(conn, run_id=run, move=results.plan_move(conn, run_id=run, account_id=account))

    monkeypatch.setattr(media, "copy", another_moves_it)
    assert code(ana.delete(f"/runs/{run}/result")) == (409, "conflict")
    assert ana.get(f"/results/{made['id']}").status_code == 200
    assert ana.delete(f"/runs/{run}/result").status_code == 204


def media_urls(result: dict[str, Any], prefix: str) -> list[str]:
    """The addresses of a result's outputs that begin so."""
    urls = [output["url"] for task in result["tasks"] for output in task["outputs"]]
    return [url for url in urls if url.startswith(f"/{prefix}")]


@pytest.mark.parametrize("gone", ["the run", "the account"])
def test_what_is_being_published_is_not_deleted_beside_it(
    ana: Person, conn: psycopg.Connection, database: str, gone: str
) -> None:
    run = a_finished_run(conn, account=ana.id, pipeline=a_pipeline(ana)["id"])
    account = UUID(ana.id)

    def delete() -> None:
        with psycopg.connect(database) as other:
            if gone == "the account":
                erasure.erase(other, account)
            else:
                with pytest.raises(RunPublished):
                    runs.delete(other, run, account_id=account)

    with ThreadPoolExecutor() as pool:
        with conn.transaction():
            results.publish(conn, run_id=run, account_id=account, title=None, cover=None)
            deleting = pool.submit(delete)
            until(lambda: someone_waits(conn))
        deleting.result()
    assert conn.execute("SELECT run_id FROM results").fetchall() == [(run,)]
    assert conn.execute("SELECT prefix FROM doomed_media").fetchall() == []


def shown(person: Person, **params: Any) -> list[str]:
    return [item["title"] for item in person.get("/results", params=params).json()["items"]]


def publish(person: Person, conn: psycopg.Connection, pipeline: str, title: str) -> str:
    run = a_finished_run(conn, account=person.id, pipeline=pipeline)
    assert person.put(f"/runs/{run}/result", {"title": title}).status_code == 201
    return str(run)


@pytest.mark.parametrize("sort", ["top", "trending"])
def test_each_pipeline_shows_its_best_two_results_before_further_ones(
    ana: Person, ben: Person, conn: psycopg.Connection, sort: str
) -> None:
    loved, plain = a_pipeline(ana)["id"], a_pipeline(ana)["id"]
    for number in (1, 2, 3):
        publish(ana, conn, loved, f"loved {number}")
    publish(ben, conn, loved, "loved, by ben")
    for number in (1, 2, 3):
        publish(ana, conn, plain, f"plain {number}")
    ben.put(f"/pipelines/{loved}/rating", {"stars": 5})
    assert shown(ben, sort=sort) == [
        "loved 3", "loved 2", "plain 3", "plain 2", "plain 1", "loved, by ben", "loved 1"
    ]  # fmt: skip


def test_when_a_leading_result_goes_the_next_one_leads(
    ana: Person, ben: Person, bucket_app: FastAPI, conn: psycopg.Connection
) -> None:
    cleo = sign_up(bucket_app, "cleo")
    pipeline = a_pipeline(cleo)["id"]
    runs_ = [publish(cleo, conn, pipeline, f"r{number}") for number in (1, 2, 3)]
    assert cleo.delete(f"/runs/{runs_[2]}/result").status_code == 204
    leading = conn.execute("SELECT title FROM results WHERE leads ORDER BY id DESC").fetchall()
    assert leading == [("r2",), ("r1",)]


def test_a_rating_writes_four_rows_however_many_results_there_are(
    ana: Person, ben: Person, conn: psycopg.Connection
) -> None:
    pipeline = a_pipeline(ana)["id"]
    for number in range(6):
        publish(ana, conn, pipeline, f"r{number}")
    before = conn.execute("SELECT id, xmin::text FROM results").fetchall()
    ben.put(f"/pipelines/{pipeline}/rating", {"stars": 5})
    after = conn.execute("SELECT id, xmin::text FROM results").fetchall()
    assert len(set(after) - set(before)) == 2


def test_publishing_again_does_not_make_a_result_young(bucket_app: FastAPI, conn: psycopg.Connection) -> None:
    cleo = sign_up(bucket_app, "cleo")
    pipeline = a_pipeline(cleo)["id"]
    run = publish(cleo, conn, pipeline, "old")
    publish(cleo, conn, pipeline, "new")
    first = cleo.get("/results", params={"sort": "new"}).json()["items"][-1]
    cleo.delete(f"/runs/{run}/result")
    again = cleo.put(f"/runs/{run}/result", {"title": "old"}).json()
    assert again["id"] == first["id"]
    assert datetime.fromisoformat(again["created_at"]) == datetime.fromisoformat(first["created_at"])
    assert shown(cleo, sort="new") == ["new", "old"]
