"""What people do is counted for the operators, once it is done."""

import json
from collections.abc import Callable

import pytest
from fastapi import FastAPI

from tests.lambdas.api.people import Person, a_pipeline, sign_up


@pytest.fixture
def counting_app(start: Callable[..., FastAPI]) -> FastAPI:
    return start(metrics_namespace="Atelier/test")


@pytest.fixture
def counted(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    """The metrics published since the last look."""

    def look() -> list[str]:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return [m["Name"] for line in lines for m in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]]

    return look


def test_what_people_make_is_counted(counting_app: FastAPI, counted: Callable[[], list[str]]) -> None:
    ana = sign_up(counting_app, "ana")
    assert counted() == ["Accounts"]
    pipeline = a_pipeline(ana)
    assert counted() == ["Pipelines"]
    ben = sign_up(counting_app, "ben")
    guest = sign_up(counting_app, None)
    assert counted() == ["Accounts", "Guests"]
    assert ben.put(f"/pipelines/{pipeline['id']}/rating", {"stars": 4}).status_code == 200
    assert ben.post(f"/pipelines/{pipeline['id']}/remix", {}).status_code == 201
    assert guest.post("/runs", {"pipeline": pipeline["id"], "inputs": {}}).status_code == 202
    assert counted() == ["Ratings", "Remixes", "Runs"]


def test_what_is_refused_or_only_read_is_not_counted(counting_app: FastAPI, counted: Callable[[], list[str]]) -> None:
    ana = sign_up(counting_app, "ana")
    pipeline = a_pipeline(ana)
    counted()
    assert ana.put(f"/pipelines/{pipeline['id']}/rating", {"stars": 4}).status_code == 409
    assert ana.post("/pipelines", {"title": "x"}).status_code == 422
    assert ana.get("/results").status_code == 200
    assert counted() == []


def test_one_machine_counts_nothing(ana: Person, counted: Callable[[], list[str]]) -> None:
    a_pipeline(ana)
    assert counted() == []
