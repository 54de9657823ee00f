"""Faults carry a code from a closed list and the rule's values, and nothing of what was sent."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from contract.faults import FaultCode
from lambdas.api import faults
from lambdas.api.__main__ import text
from lambdas.api.body_shape import MAX_DEPTH, MAX_KEYS, MAX_VALUES
from tests.lambdas.api.people import SPEC, Person, a_pipeline, code

DOCUMENT = json.loads(text())
JSON = {"Content-Type": "application/json"}


def faults_of(answer: Any) -> list[tuple[list[str | int], str, dict[str, Any]]]:
    assert code(answer) == (422, "invalid"), answer.text
    return [(fault["loc"], fault["code"], fault["values"]) for fault in answer.json()["errors"]]


def a_step(**changes: Any) -> dict[str, Any]:
    return {"name": "scene", "kind": "text", "model": "smollm2-135m", "params": {"prompt": "Describe."}} | changes


@pytest.mark.parametrize(
    ("change", "place", "wanted", "values"),
    [
        ({"title": 1}, ["title"], "wrong_type", {"expected": "a text"}),
        ({"title": ""}, ["title"], "too_short", {"minimum": 1}),
        ({"title": " "}, ["title"], "blank", {}),
        ({"title": "x" * 201}, ["title"], "too_long", {"maximum": 200}),
        ({"title": "a\x00b"}, ["title"], "nul_character", {}),
        ({"colour": "red"}, ["colour"], "unknown_field", {}),
        ({"tags": ["a,b"]}, ["tags", 0], "bad_tag", {}),
        ({"tags": ["a"] * 11}, ["tags"], "too_many_items", {"maximum": 10}),
        ({"visibility": "open"}, ["visibility"], "not_one_of", {"known": ["public", "unlisted", "private"]}),
        ({"spec": {"steps": []}}, ["spec", "steps"], "too_few_items", {"minimum": 1}),
        ({"spec": {"steps": [a_step(name="A")]}}, ["spec", "steps", 0, "name"], "bad_name", {}),
        ({"spec": {"steps": [a_step(kind="film")]}}, ["spec", "steps", 0], "not_one_of", {
            "known": ["text", "image", "edit", "caption", "upscale"]}),
        ({"spec": {"steps": [{"name": "a"}]}}, ["spec", "steps", 0, "kind"], "missing", {}),
        ({"spec": {"steps": [a_step(params={"prompt": "x", "top_p": 0})]}}, ["spec", "steps", 0, "params", "top_p"],
         "not_above", {"limit": 0}),
        ({"spec": {"steps": [a_step(params={"prompt": "x", "max_tokens": 0})]}},
         ["spec", "steps", 0, "params", "max_tokens"], "below_minimum", {"minimum": 1}),
        ({"spec": {"steps": [a_step(params={"prompt": "{{a}}"})]}}, ["spec", "steps", 0, "params", "prompt"],
         "unknown_reference", {"name": "a", "position": 1}),
        ({"spec": {"steps": [a_step(model="gpt")]}}, ["spec", "steps", 0, "model"], "unknown_model",
         {"kind": "text", "models": ["smollm2-135m"]}),
    ],
)  # fmt: skip
def test_a_fault_of_a_body_has_its_code_and_the_rule(
    ana: Person, change: dict[str, Any], place: list[str | int], wanted: str, values: dict[str, Any]
) -> None:
    answer = ana.post("/pipelines", {"title": "A fox", "spec": SPEC} | change)
    assert faults_of(answer) == [(["body", *place], wanted, values)]


@pytest.mark.parametrize(
    ("query", "name", "wanted"),
    [
        ("sort=best", "sort", "not_one_of"),
        ("limit=0", "limit", "below_minimum"),
        ("limit=x", "limit", "wrong_type"),
        ("colour=red", "colour", "unknown_parameter"),
        ("q=a&q=b", "q", "repeated_parameter"),
        ("q=%FF", "query", "not_unicode"),
        ("author=A", "author", "bad_handle"),
        ("pipeline=1", "pipeline", "bad_id"),
        ("min_rating=1e0", "min_rating", "wrong_type"),
    ],
)
def test_a_fault_of_a_query_has_its_code(anyone: TestClient, query: str, name: str, wanted: str) -> None:
    ((loc, found, _),) = faults_of(anyone.get(f"/api/v1/results?{query}"))
    assert (loc, found) == (["query", name], wanted)


def test_a_cursor_of_another_list_is_a_fault_of_the_cursor(anyone: TestClient) -> None:
    answer = anyone.get("/api/v1/results?cursor=made-up")
    assert code(answer) == (422, "bad_cursor")
    assert [fault["code"] for fault in answer.json()["errors"]] == ["bad_cursor"]


def test_faults_that_the_state_of_things_shows_have_theirs(ana: Person, guest: Person) -> None:
    pipeline = a_pipeline(ana)["id"]
    assert faults_of(ana.post("/runs", {"pipeline": pipeline, "version": 9})) == [
        (["body", "version"], "unknown_version", {})
    ]
    assert faults_of(ana.post("/runs", {"pipeline": pipeline, "inputs": {"colour": "red"}})) == [
        (["body", "inputs", "colour"], "unknown_input", {"known": ["subject"]})
    ]
    assert faults_of(guest.patch("/me", {"handle": "gus"}))[0][1] == "needed_for_full_account"
    assert faults_of(ana.patch("/me", {"handle": "guest-ana"}))[0][1:] == (
        "reserved_handle",
        {"prefixes": ["guest-", "deleted-"]},
    )


def test_what_was_sent_is_never_told_again(ana: Person) -> None:
    secret = "correct horse battery staple"
    bodies = (
        {"title": [secret], "spec": SPEC},
        {"title": "A fox", "spec": {"steps": [a_step(kind=secret)]}},
        {"title": "A fox", "visibility": secret, "spec": SPEC},
        {"title": "A fox", "spec": {"steps": [a_step(model=secret)]}},
    )
    for body in bodies:
        answer = ana.post("/pipelines", body)
        assert code(answer) == (422, "invalid")
        assert secret not in answer.text


def test_an_answer_names_twenty_faults_at_most(ana: Person) -> None:
    body = {"title": "A fox", "spec": SPEC} | {f"field{number}": number for number in range(30)}
    assert len(ana.post("/pipelines", body).json()["errors"]) == 20


def deep(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({f"k{number}": 1 for number in range(MAX_KEYS + 1)}, ("too_many_keys", {"maximum": MAX_KEYS})),
        ({"spec": [{f"k{number}": 1 for number in range(MAX_KEYS + 1)}]}, ("too_many_keys", {"maximum": MAX_KEYS})),
        ({"title": [1] * MAX_VALUES}, ("too_many_values", {"maximum": MAX_VALUES})),
        ({"title": deep(MAX_DEPTH)}, ("too_deep", {"maximum": MAX_DEPTH})),
    ],
)
def test_a_body_of_a_shape_that_no_call_has_is_refused_as_a_whole(
    ana: Person, body: Any, wanted: tuple[str, dict[str, int]]
) -> None:
    assert faults_of(ana.post("/pipelines", body)) == [(["body"], *wanted)]


@pytest.mark.parametrize(
    "body",
    [
        {f"k{number}": 1 for number in range(MAX_KEYS)},
        {"title": [1] * (MAX_VALUES - 2)},
        {"title": deep(MAX_DEPTH - 1)},
    ],
)
def test_a_body_within_the_bounds_is_looked_at(ana: Person, body: Any) -> None:
    assert all(loc != ["body"] for loc, _, _ in faults_of(ana.post("/pipelines", body)))


def test_a_megabyte_of_unknown_fields_gets_a_short_answer(ana: Person) -> None:
    body = json.dumps({f"field{number:06}": number for number in range(50_000)}).encode()
    assert len(body) > 1_000_000
    answer = ana.client.post("/api/v1/pipelines", content=body[: 1024 * 1024], headers=JSON)
    assert answer.status_code in {400, 413, 422}
    smaller = json.dumps({f"field{number:06}": number for number in range(45_000)}).encode()
    answer = ana.client.post("/api/v1/pipelines", content=smaller, headers=JSON)
    assert faults_of(answer)[0][1] == "too_many_keys"
    assert len(answer.content) < 1_000


def patterns_in(part: Any) -> set[str]:
    if isinstance(part, list):
        return set().union(*map(patterns_in, part))
    if not isinstance(part, dict):
        return set()
    own = {part["pattern"]} if isinstance(part.get("pattern"), str) else set()
    return own.union(*map(patterns_in, part.values()))


def test_every_pattern_of_the_document_has_a_code_of_its_own() -> None:
    assert patterns_in(DOCUMENT) - {r"\S"} <= set(faults._PATTERNS)
    assert patterns_in(DOCUMENT)


def test_the_document_lists_every_code() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["Fault"]["properties"]["code"]["enum"] == [str(each.value) for each in FaultCode]
    assert "too_large" in schemas["Problem"]["properties"]["code"]["enum"]


def test_a_finding_that_nobody_foresaw_is_just_invalid() -> None:
    (fault,) = faults.of([{"type": "bytes_type", "loc": ("body", "x"), "msg": "Input should be bytes"}])
    assert fault.code is FaultCode.INVALID


def test_a_body_that_is_read_twice_is_parsed_once(app: FastAPI, ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[object] = []
    loads = json.loads
    monkeypatch.setattr("lambdas.api.routing.json.loads", lambda *a, **k: parsed.append(a) or loads(*a, **k))
    ana.client.post("/api/v1/pipelines", content=b'{"title": 1}', headers=JSON)
    assert len(parsed) == 1
