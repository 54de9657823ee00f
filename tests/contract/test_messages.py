"""Messages survive their way through the queue, and nothing else passes for one."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contract import messages, seeds
from contract.kinds import ImageParams
from contract.limits import MAX_SEED

TASK = UUID(int=7)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=50)
DELIVERIES = st.integers(0, 2**128 - 1).map(lambda n: f"{n:032x}")


def a_request(**changes: object) -> messages.TaskRequested:
    fields = {
        "run": UUID(int=1), "task": TASK, "attempt": 1, "token": "t", "deadline": NOW, "step": "picture",
        "model": "demo-emoji", "revision": "0" * 40, "seeds": [1, 2], "kind": "image",
        "params": ImageParams(prompt="x", count=2),
    }  # fmt: skip
    return messages.TASK_REQUESTED.validate_python(fields | changes)


def test_a_request_survives_json() -> None:
    request = a_request()
    assert messages.TASK_REQUESTED.validate_json(request.model_dump_json()) == request


@given(st.integers(1, 9), TEXT, DELIVERIES, st.floats(0, 1), st.integers(1, 2**31))
def test_progress_survives_json(attempt: int, worker: str, delivery: str, fraction: float, seq: int) -> None:
    event = messages.Progress(
        worker=worker, sent_at=NOW, task=TASK, attempt=attempt, token="t", delivery=delivery, seq=seq, fraction=fraction
    )
    assert messages.EVENT.validate_json(event.model_dump_json()) == event


@given(TEXT, DELIVERIES)
def test_a_text_output_survives_json(text: str, delivery: str) -> None:
    output = messages.TextOutput(
        key=f"media/{delivery}/0.txt", text=text, characters=len(text), bytes=len(text.encode())
    )
    event = messages.Succeeded(
        worker="w", sent_at=NOW, task=TASK, attempt=1, token="t", delivery=delivery, seconds=0.5, outputs=[output]
    )
    assert messages.EVENT.validate_json(event.model_dump_json()) == event


@pytest.mark.parametrize(
    "body",
    ["", "null", "{}", '{"event": "alive"}', '{"event": null}', '{"event": ["alive"]}', "[1]", "not json"],
)
def test_what_is_no_event_is_refused(body: str) -> None:
    with pytest.raises(ValidationError):
        messages.read_event(body)


def test_an_event_of_an_unknown_kind_is_told_from_a_malformed_one() -> None:
    assert messages.read_event('{"event": "unheard_of", "anything": []}') is None
    output = {"type": "unheard_of"}
    with pytest.raises(ValidationError):
        messages.read_event(json.dumps({"event": "succeeded", "outputs": [output]}))


@pytest.mark.parametrize(
    "change",
    [
        {"step": "a step\nthat writes into logs"},
        {"model": "../../model"},
        {"model": "m" * 65},
        {"revision": "main"},
        {"token": "t" * 201},
        {"attempt": 0},
        {"attempt": 4},
        {"deadline": "2026-01-01T00:00:00"},
        {"seeds": [1]},
        {"seeds": [1, 2, 3]},
        {"seeds": [1, 2**53]},
    ],
)
def test_what_no_dispatch_would_send_is_no_request(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        a_request(**change)


def test_what_a_newer_worker_says_besides_is_passed_over() -> None:
    output = messages.TextOutput(key="media/0/0.txt", text="a", characters=1, bytes=1)
    event = messages.Succeeded(
        worker="w", sent_at=NOW, task=TASK, attempt=1, token="t", delivery="0" * 32, seconds=0.5, outputs=[output]
    )
    said = event.model_dump(mode="json")
    said |= {"new": 1, "outputs": [{**said["outputs"][0], "new": 1}]}
    assert messages.EVENT.validate_python(said) == event


def test_what_newer_functions_ask_besides_is_passed_over() -> None:
    request = a_request()
    asked = request.model_dump(mode="json") | {"new": 1}
    asked["params"] |= {"new": {"deep": 1}}
    assert messages.read_request(json.dumps(asked)) == request


def test_another_version_is_refused() -> None:
    body = a_request().model_dump_json().replace('"v":1', '"v":2')
    with pytest.raises(ValidationError):
        messages.TASK_REQUESTED.validate_json(body)


@given(st.integers(0, MAX_SEED), st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.integers(0, 7))
def test_output_seeds_stay_exact_in_json(run_seed: int, step: str, k: int) -> None:
    assert 0 <= seeds.output_seed(run_seed, step=step, k=k) <= MAX_SEED


def test_output_seeds_follow_the_written_rule() -> None:
    """The first 8 bytes of SHA-256("7:picture:0") are 0x196e74db97b6e537, by sha256sum."""
    assert seeds.output_seed(7, step="picture", k=0) == EXPECTED_SEED
    assert seeds.output_seed(7, step="picture", k=1) != EXPECTED_SEED


EXPECTED_SEED = 4069136165954871
