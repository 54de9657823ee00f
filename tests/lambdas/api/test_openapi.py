"""The committed OpenAPI document is what the routes say, and says enough to generate a client from."""

import json

from lambdas.api.__main__ import FILE, text
from tests.lambdas.api.people import Person

DOCUMENT = json.loads(text())
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]


def test_the_committed_document_is_up_to_date() -> None:
    assert FILE.read_text("utf-8") == text(), "run make generate"


def test_it_is_served_as_it_is_committed(ana: Person) -> None:
    assert ana.get("/openapi.json").json() == DOCUMENT
    assert ana.client.get("/api/docs").status_code == 200


def test_operation_ids_are_unique_and_every_call_has_a_tag_and_a_description() -> None:
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(ids) == len(set(ids))
    for _, _, operation in OPERATIONS:
        assert operation["tags"], operation["operationId"]
        assert operation["description"], operation["operationId"]


def test_every_refusal_is_a_problem_document() -> None:
    for _, _, operation in OPERATIONS:
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (operation["operationId"], status)


def test_every_answer_with_a_body_has_a_schema_of_its_own_name() -> None:
    for _, _, operation in OPERATIONS:
        for status, response in operation["responses"].items():
            if int(status) < 300 and status not in {"202", "204"}:
                schema = response["content"]["application/json"]["schema"]
                assert set(schema) == {"$ref"}, (operation["operationId"], status)


def test_one_schema_has_one_name() -> None:
    assert not [name for name in DOCUMENT["components"]["schemas"] if name.endswith(("-Input", "-Output", "_"))]
