"""What releases may change about messages: fields and kinds are added, and each side reads the other's."""

import json
from typing import Any

import pytest

from contract.limits import PROTOCOL
from contract.messages import EVENT, TASK_REQUESTED, Succeeded, read_event, read_request
from tests.contract.contracts import recorded, schemas

FIRST, LATER = recorded("0.1.0"), recorded("later")
SINCE = {"succeeded": {"computed_seconds": 1.5}, "alive": {"protocol": PROTOCOL}}
"""What was added to events since the first version, as today's reader has it of the later one."""
ADDED_KINDS = {"received"}


@pytest.mark.parametrize("side", ["requests", "events"])
def test_since_the_first_version_fields_and_kinds_were_only_added_and_are_optional(side: str) -> None:
    before, now = FIRST.schemas[side], schemas()[side]
    assert before["discriminator"]["mapping"].items() <= now["discriminator"]["mapping"].items()
    for name, part in before["$defs"].items():
        today = now["$defs"][name]
        assert part.get("properties", {}).items() <= today.get("properties", {}).items(), name
        assert part.get("required", []) == today.get("required", []), name


@pytest.mark.parametrize("kind", FIRST.requests)
def test_a_workers_reader_sees_the_same_request_in_a_later_one(kind: str) -> None:
    old, new = (read_request(json.dumps(each.requests[kind])) for each in (FIRST, LATER))
    assert old == new
    assert old.model_dump(mode="json") == read_request(old.model_dump_json()).model_dump(mode="json")


@pytest.mark.parametrize("kind", FIRST.events)
def test_a_functions_reader_sees_the_same_event_in_a_later_one(kind: str) -> None:
    since = SINCE.get(kind, {})
    old, new = (json.dumps(each.events[kind] | since) for each in (FIRST, LATER))
    assert read_event(new) == read_event(old) is not None
    assert read_event(json.dumps(FIRST.events[kind])) is not None


@pytest.mark.parametrize("kind", sorted(LATER.events.keys() - FIRST.events.keys() - ADDED_KINDS))
def test_an_event_of_a_later_kind_is_none_that_is_known(kind: str) -> None:
    assert read_event(json.dumps(LATER.events[kind])) is None


@pytest.mark.parametrize("kind", sorted(ADDED_KINDS))
def test_a_kind_that_was_added_since_is_known_by_now(kind: str) -> None:
    event = read_event(json.dumps(LATER.events[kind]))
    assert event
    assert event.event == kind


def test_a_success_of_the_first_version_says_nothing_about_computing() -> None:
    event = read_event(json.dumps(FIRST.events["succeeded"]))
    assert isinstance(event, Succeeded)
    assert event.computed_seconds is None


def test_every_kind_of_the_first_version_has_its_sample() -> None:
    def kinds(schema: dict[str, Any]) -> set[str]:
        return set(schema["discriminator"]["mapping"])

    assert set(FIRST.requests) == kinds(FIRST.schemas["requests"])
    assert set(FIRST.events) == kinds(FIRST.schemas["events"])
    assert set(LATER.events) > set(FIRST.events)


def test_the_first_versions_samples_have_every_field_and_no_other() -> None:
    for sample in FIRST.requests.values():
        assert TASK_REQUESTED.validate_python(sample, strict=False).model_dump(mode="json").keys() == sample.keys()
    for sample in FIRST.events.values():
        added = SINCE.get(sample["event"], {}).keys()
        assert EVENT.validate_python(sample).model_dump(mode="json").keys() == sample.keys() | added
