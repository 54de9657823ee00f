"""Kinds, models, figures and health."""

import json
import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from contract.kinds import KINDS, template_params
from contract.version import VERSION
from tests.lambdas.api.people import Person, a_pipeline
from tests.lambdas.builders import a_finished_run, a_worker


def test_a_kind_says_which_params_it_takes_and_where_references_may_stand(anyone: TestClient) -> None:
    items = {item["kind"]: item for item in anyone.get("/api/v1/kinds").json()["items"]}
    assert set(items) == {str(kind) for kind in KINDS}
    for kind in KINDS:
        properties = items[kind]["params"]["properties"]
        marked = {name: schema["x-template"] for name, schema in properties.items() if "x-template" in schema}
        assert marked == template_params(kind)
    assert (items["edit"]["takes"], items["edit"]["makes"]) == (["text", "image"], "image")


def models(anyone: TestClient) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in anyone.get("/api/v1/models").json()["items"]}


def test_a_model_is_available_while_a_worker_that_has_it_is_alive(anyone: TestClient, conn: psycopg.Connection) -> None:
    assert not any(model["available"] for model in models(anyone).values())
    a_worker(conn, models=["demo-emoji"], queue="image", seconds_ago=59)
    a_worker(conn, models=["smollm2-135m"], seconds_ago=61)
    found = models(anyone)
    assert found["demo-emoji"]["available"] is True
    assert found["smollm2-135m"]["available"] is False


def test_the_profile_gpu_adds_models_whose_origin_is_told(start: Callable[..., FastAPI]) -> None:
    offered = {profile: models(TestClient(start(profile=profile))) for profile in ("demo", "gpu")}
    assert {model["profile"] for model in offered["demo"].values()} == {"demo"}
    assert offered["demo"].items() <= offered["gpu"].items()
    added = offered["gpu"]["flux2-klein-4b"]
    assert {name: added[name] for name in ("profile", "licence", "source", "available")} == {
        "profile": "gpu",
        "licence": "Apache-2.0",
        "source": "black-forest-labs/FLUX.2-klein-4B",
        "available": False,
    }
    assert re.fullmatch(r"[0-9a-f]{40}", str(added["revision"]))
    assert added["limits"]["negative_prompt"] == {"minimum": 0, "maximum": 0}


def test_a_model_s_speed_is_that_of_its_latest_tasks(anyone: TestClient, ana: Person, conn: psycopg.Connection) -> None:
    assert models(anyone)["demo-emoji"]["seconds"] is None
    for _ in range(3):
        a_finished_run(conn, account=ana.id, pipeline=a_pipeline(ana)["id"])
    assert models(anyone)["demo-emoji"]["seconds"] == {"mean": 2.5, "p95": 2.5}
    conn.execute(
        "UPDATE tasks SET computed_seconds = 20.5 WHERE id = (SELECT max(id::text)::uuid FROM tasks WHERE kind = 'image')"
    )
    assert models(anyone)["demo-emoji"]["seconds"] == {"mean": 8.5, "p95": pytest.approx(18.7)}


def test_figures_count_everything(anyone: TestClient, ana: Person, guest: Person, conn: psycopg.Connection) -> None:
    pipeline = a_pipeline(ana)["id"]
    runs = [a_finished_run(conn, account=ana.id, pipeline=pipeline) for _ in range(2)]
    ana.put(f"/runs/{runs[0]}/result", {})
    a_worker(conn, models=["demo-emoji"], queue="image")
    a_worker(conn, models=["demo-emoji"], queue="image")
    a_worker(conn, models=["demo-emoji"], queue="text", seconds_ago=100)
    figures = anyone.get("/api/v1/stats").json()
    counts = {name: figures[name] for name in ("images", "texts", "runs", "results", "accounts")}
    assert counts == {"images": 4, "texts": 2, "runs": 2, "results": 1, "accounts": 1}, "guests are not counted"
    seconds = {"mean": 2.5, "p95": 2.5}
    assert {"id": "demo-emoji", "tasks": 2, "seconds": seconds} in figures["models"]
    assert figures["workers"] == [{"queue": "image", "alive": 2, "busy": 2, "ram_bytes": 2000}]


def test_health_is_open_to_all_and_says_who_works(anyone: TestClient, conn: psycopg.Connection) -> None:
    nobody = {"version": VERSION, "api": "ok", "database": "ok", "workers": {"text": 0, "image": 0}}
    assert anyone.get("/api/v1/health").json() == nobody
    a_worker(conn, models=["demo-emoji"], queue="image")
    a_worker(conn, models=["smollm2-135m"], queue="text", seconds_ago=100)
    assert anyone.get("/api/v1/health").json() == nobody | {"workers": {"text": 0, "image": 1}}


def test_times_are_rfc_3339_in_utc_wherever_they_are_written(ana: Person, conn: psycopg.Connection) -> None:
    run = a_finished_run(conn, account=ana.id, pipeline=a_pipeline(ana)["id"])
    result = ana.put(f"/runs/{run}/result", {}).json()
    listed = json.loads(ana.get("/results").text)["items"][0]
    for written in (result["created_at"], listed["created_at"], ana.get("/me").json()["joined_at"]):
        assert written.endswith(("Z", "+00:00"))
