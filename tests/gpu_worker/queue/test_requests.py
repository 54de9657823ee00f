"""Bodies of messages, as they should be and as they should not."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.kinds import KINDS
from contract.messages import EVENT, Failed
from gpu_worker.queue import requests
from gpu_worker.queue.requests import Unreadable
from tests.contract.contracts import recorded
from tests.gpu_worker.site import a_text_request, an_edit_request, an_image_request

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_every_kind_is_read() -> None:
    for body in (a_text_request(), an_image_request(), an_edit_request("uploads/x")):
        request = requests.read(json.dumps(body))
        assert request.task == UUID(body["task"])
        assert request.params.prompt == body["params"]["prompt"]


@pytest.mark.parametrize("version", ["0.1.0", "later"])
@pytest.mark.parametrize("kind", KINDS)
def test_requests_of_recorded_functions_are_read_in_full(version: str, kind: str) -> None:
    known = recorded("0.1.0").requests[kind]
    request = requests.read(json.dumps(recorded(version).requests[kind]))
    assert request.model_dump(mode="json", exclude={"deadline"}) | {"deadline": known["deadline"]} == known
    assert request.deadline == datetime.fromisoformat(known["deadline"])


@given(st.text())
def test_any_text_is_read_or_refused(body: str) -> None:
    with pytest.raises(Unreadable) as refused:
        requests.read(body)
    assert refused.value.receipt is None


@given(st.sampled_from([*a_text_request()]), ANYTHING)
def test_a_request_with_any_one_field_changed_is_read_or_answered(name: str, value: Any) -> None:
    body = a_text_request() | {name: value}
    refused: list[Unreadable] = []
    try:
        requests.read(json.dumps(body))
    except Unreadable as error:
        refused.append(error)
    for error in refused:
        if error.receipt:
            assert_answerable(error)
        else:
            assert name in ("task", "attempt", "token")


@given(st.dictionaries(st.sampled_from([*a_text_request(), "more"]), ANYTHING))
def test_any_object_is_read_or_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as refused:
        requests.read(json.dumps(body))
    if refused.value.receipt:
        assert_answerable(refused.value)


def test_a_message_without_a_readable_task_gets_no_event() -> None:
    for change in ({"task": "x"}, {"attempt": "1"}, {"attempt": True}, {"token": None}, {"token": "\ud800"}):
        with pytest.raises(Unreadable) as refused:
            requests.read(json.dumps(a_text_request() | {"kind": "?"} | change))
        assert refused.value.receipt is None


def assert_answerable(error: Unreadable) -> None:
    """An event about it can be sent, and be read at the other end."""
    receipt = error.receipt
    assert receipt
    event = Failed(
        worker="w",
        sent_at="2026-01-01T00:00:00Z",  # type: ignore[arg-type]
        task=receipt.task,
        attempt=receipt.attempt,
        token=receipt.token,
        delivery=receipt.delivery,
        code=error.failure.code,
        detail=error.failure.detail,
        retryable=error.failure.retryable,
    )
    assert EVENT.validate_json(event.model_dump_json()) == event
