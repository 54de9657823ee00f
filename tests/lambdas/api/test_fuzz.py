"""2,000 random bodies, 10,000 as a proof, right and wrong ones: no call fails, and every answer is as the OpenAPI document says."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from lambdas.api.__main__ import text
from lambdas.api.app import create_app
from lambdas.api.settings import Settings
from lambdas.store import migrations
from tests.lambdas.api.people import SITE, SPEC, Person, a_pipeline, sign_up
from tests.lambdas.builders import a_finished_run
from tests.services.ministack import a_bucket, a_queue
from tests.services.postgres import fresh_database

BODIES = (2_000, pytest.param(10_000, marks=pytest.mark.proof))
CHECKS = (status_code_conformance, content_type_conformance, response_schema_conformance)

schema = schemathesis.openapi.from_dict(json.loads(text()))
OPERATIONS = {found.ok().definition.raw["operationId"]: found.ok() for found in schema.get_all_operations()}
WITH_BODY = [name for name, operation in OPERATIONS.items() if "requestBody" in operation.definition.raw]
# Hashing a password and making up a spec take longest, so those calls get a smaller share.
SHARES = dict.fromkeys(WITH_BODY, 5) | dict.fromkeys(("create_account", "update_me", "create_session"), 1)
SHARES |= dict.fromkeys(("create_pipeline", "create_version"), 2)
CASES_WITHOUT_BODY = 25


@dataclass
class World:
    """An API with some things in it, an account that calls it, and the ids that its calls may name."""

    call: Callable[[Case], Any]
    ids: list[str]
    bodies: Counter[str]
    wanted: int

    def cases(self, name: str) -> int:
        """How many cases of each of the two modes a call gets."""
        share = SHARES.get(name)
        return math.ceil(self.wanted * share / sum(SHARES.values()) / 2) if share else CASES_WITHOUT_BODY


@pytest.fixture(scope="module", params=BODIES)
def world(postgres: str, ministack: str, request: pytest.FixtureRequest) -> Iterator[World]:
    """Built once: what thousands of random calls leave behind is part of the test."""
    uri = fresh_database(postgres)
    migrations.apply(uri)
    app = create_app(
        Settings(
            database_url=uri,
            media_bucket=a_bucket(ministack),
            steps_text_queue_url=a_queue(ministack, "text"),
            steps_image_queue_url=a_queue(ministack, "image"),
            aws_endpoint_url=ministack,
            secret="a secret for tests only",
            site_scheme="http",
            guests_per_network_day=100_000,
        )
    )
    ana, ben = sign_up(app, "ana"), sign_up(app, "ben")
    ids = [a_pipeline(person, visibility=v)["id"] for person in (ana, ben) for v in ("public", "private")]
    with psycopg.connect(uri, autocommit=True) as conn:
        runs = [
            str(a_finished_run(conn, account=p.id, pipeline=ids[0], state=s))
            for p in (ana, ben)
            for s in ("succeeded", "failed")
        ]
    results = [ana.put(f"/runs/{runs[0]}/result", {}).json(), ben.put(f"/runs/{runs[2]}/result", {}).json()]
    ids += [*runs, *(result["id"] for result in results), results[0]["cover"]["id"]]
    numbers = iter(range(10_000))
    key = _key(ana)

    def call(case: Case) -> Any:
        nonlocal key
        answer = client.request(**_request(case, key=key))
        if case.operation.definition.raw["operationId"] == "delete_me" and answer.status_code == 202:
            key = _key(sign_up(app, f"after-{next(numbers)}"))
        return answer

    with TestClient(app, base_url=SITE) as client:
        yield World(call=call, ids=ids, bodies=Counter(), wanted=request.param)


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_no_call_fails_and_every_answer_is_as_described(world: World, name: str, mode: GenerationMode) -> None:
    operation = OPERATIONS[name]

    @settings(
        max_examples=world.cases(name),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        database=None,
        derandomize=True,
    )
    @given(data=st.data(), case=operation.as_strategy(generation_mode=mode))
    def fuzz(data: st.DataObject, case: Case) -> None:
        if data.draw(st.booleans()):
            _make_likely(case, data, world.ids)
        answer = world.call(case)
        world.bodies[name] += name in WITH_BODY
        assert answer.status_code < 500, answer.text
        case.validate_response(answer, checks=CHECKS)

    try:
        fuzz()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE
        pytest.skip("it takes nothing that could be wrong")


@pytest.mark.slow
def test_that_these_were_as_many_bodies_as_wanted(world: World) -> None:
    if set(WITH_BODY) - world.bodies.keys():
        pytest.skip("only a part of the calls was tested")
    assert world.bodies.total() >= world.wanted


def _make_likely(case: Case, data: st.DataObject, ids: list[str]) -> None:
    """Put things that exist where a random text would only ever give 404 or 422."""
    if "id" in (case.path_parameters or {}):
        case.path_parameters["id"] = data.draw(st.sampled_from(ids))
    body: Any = case.body
    if not isinstance(body, dict):
        return
    for name in ("pipeline", "cover"):
        if name in body:
            body[name] = data.draw(st.sampled_from(ids))
    if "spec" in body and data.draw(st.booleans()):
        body["spec"] = SPEC
    elif isinstance(body.get("spec"), dict):
        steps = body["spec"].get("steps")
        for step in steps if isinstance(steps, list) else []:
            if isinstance(step, dict) and "model" in step:
                step["model"] = "smollm2-135m" if step.get("kind") == "text" else "demo-emoji"


def _request(case: Case, *, key: str) -> dict[str, Any]:
    """The case as the test client takes it; whatever headers and cookies it made up, the caller has a key."""
    found = case.as_transport_kwargs(base_url=SITE, headers={"Authorization": f"Bearer {key}"})
    wanted = {
        name: found[name] for name in ("method", "url", "params", "headers", "json") if found.get(name) is not None
    }
    data = found.get("data")
    return wanted if data is None else wanted | {"content": data if isinstance(data, bytes) else str(data).encode()}


def _key(person: Person) -> str:
    return person.post("/keys", {"name": "fuzz"}).json()["key"]
