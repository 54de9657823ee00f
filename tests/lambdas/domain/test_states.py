"""The life of a task as a pure function; examples on the database stand in tests/lambdas/flow."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import get_args
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.kinds import Kind
from contract.limits import MAX_ATTEMPTS
from contract.messages import Progress, Released, Started, TaskEvent
from lambdas.domain.pace import Pace
from lambdas.domain.states import OPEN, EventMalformed, RunState, Task, TaskState, apply, expire
from tests.lambdas.flow.world import Delivery

PACE = Pace()
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FINAL = {"succeeded", "failed", "cancelled"}


def a_task(**changes: object) -> Task:
    """A task that is out for the first time."""
    facts: dict[str, object] = {
        "kind": Kind.TEXT,
        "state": "queued",
        "attempt": 1,
        "sent_at": NOW,
        "lease_until": NOW + PACE.lease,
    }
    return Task(id=uuid4(), run_id=uuid4(), token="token", **facts | changes)  # type: ignore[arg-type]


def a_delivery(task: Task, *, attempt: int = 1, token: str = "token") -> Delivery:
    return Delivery(request=SimpleNamespace(task=task.id, attempt=attempt, token=token, kind="text", seeds=[1]))


def _event(delivery: Delivery, act: str) -> TaskEvent:
    match act:
        case "broken":
            return delivery.failed(retryable=False)
        case "shown":
            return delivery.progress(preview=delivery.preview())
        case _:
            return getattr(delivery, act)()


outcomes = st.sampled_from(
    ["received", "started", "progress", "shown", "succeeded", "failed", "broken", "released", "silence"]
)


@given(acts=st.lists(st.tuples(outcomes, st.integers(0, 3), st.integers(1, 4), st.booleans()), max_size=30))
def test_whatever_is_named_a_task_stays_within_its_rules(acts: list[tuple[str, int, int, bool]]) -> None:
    task = a_task()
    deliveries = [a_delivery(task) for _ in range(4)]
    named: set[str] = set()
    now = NOW
    for act, who, attempt, forged in acts:
        before, now = task, now + timedelta(seconds=50)
        delivery = deliveries[who]
        delivery.request.attempt, delivery.request.token = attempt, "forged" if forged else "token"
        if act == "silence":
            task = expire(task, pace=PACE, now=now)
        else:
            event = _event(delivery, act)
            task = apply(task, event, first=delivery.id not in named, pace=PACE, now=now)
            if act != "received":
                named.add(delivery.id)
            assert act != "received" or task.state == before.state
            assert not forged or task == before
        assert before.state not in FINAL or task == before
        assert before.attempt <= task.attempt <= MAX_ATTEMPTS
        assert (task.received_at is not None) <= (task.state in {"queued", *FINAL})
        assert (task.state == "running") <= (task.delivery is not None and task.lease_until is not None)
        assert (task.state in FINAL) == (task.finished_at is not None)
        assert task.preview is None or (task.state == "running" and f"/{task.delivery}/" in task.preview)
        assert (task.state == "failed") == (task.error_code is not None)
        assert act == "succeeded" or task.state != "succeeded" or before.state == "succeeded"


@given(attempt=st.integers(1, 4), state=st.sampled_from(sorted(OPEN)))
def test_a_success_closes_an_open_task_whatever_its_attempt(attempt: int, state: TaskState) -> None:
    task = a_task(state=state, attempt=2, delivery="0" * 32 if state == "running" else None)
    delivery = a_delivery(task, attempt=attempt)
    after = apply(task, delivery.succeeded("An owl."), first=False, pace=PACE, now=NOW)
    assert (after.state, after.delivery, after.carry) == ("succeeded", delivery.id, "An owl.")


def test_progress_renews_the_lease_and_a_repeat_does_not() -> None:
    task = a_task()
    delivery = a_delivery(task)
    later = NOW + timedelta(seconds=100)
    started = apply(task, delivery.started(), first=True, pace=PACE, now=NOW)
    moved = apply(started, delivery.progress(0.5, seq=4), first=False, pace=PACE, now=later)
    assert moved.lease_until == later + PACE.lease
    assert apply(moved, delivery.progress(0.9, seq=4), first=False, pace=PACE, now=later + PACE.lease) == moved


def test_a_task_that_waits_at_a_worker_keeps_its_lease_and_its_state() -> None:
    task, later = a_task(), NOW + timedelta(seconds=100)
    after = apply(task, a_delivery(task).received(), first=True, pace=PACE, now=later)
    assert (after.state, after.received_at, after.lease_until) == ("queued", later, later + PACE.lease)


@pytest.mark.parametrize("act", ["started", "released", "failed"])
def test_a_delivery_that_waited_is_as_new_to_what_it_says_next(act: str) -> None:
    task = a_task()
    delivery = a_delivery(task)
    event = getattr(delivery, act)()
    waiting = apply(task, delivery.received(), first=True, pace=PACE, now=NOW)
    after = apply(waiting, event, first=True, pace=PACE, now=NOW)
    assert after == apply(task, event, first=True, pace=PACE, now=NOW)


@pytest.mark.parametrize(
    "changes", [{"state": "running", "delivery": "0" * 32}, {"sent_at": None, "lease_until": None}, {"attempt": 2}]
)
def test_only_what_is_out_can_wait_at_a_worker(changes: dict[str, object]) -> None:
    task = a_task(**changes)
    assert apply(task, a_delivery(task).received(), first=True, pace=PACE, now=NOW) is task


@pytest.mark.parametrize("event", [Started, Progress, Released])
def test_a_message_of_an_older_attempt_cannot_take_the_task_over(event: type) -> None:
    task = a_task(attempt=2)
    delivery = a_delivery(task, attempt=1)
    made = getattr(delivery, event.__name__.lower())()
    assert apply(task, made, first=True, pace=PACE, now=NOW) == task


def test_progress_whose_started_was_lost_stands_for_it() -> None:
    task = a_task()
    delivery = a_delivery(task)
    after = apply(task, delivery.progress(0.5), first=True, pace=PACE, now=NOW)
    assert (after.state, after.delivery, after.progress) == ("running", delivery.id, 0.5)


def test_the_newest_preview_is_kept_until_the_delivery_no_longer_runs() -> None:
    task = a_task()
    delivery, other = a_delivery(task), a_delivery(task)
    shown = apply(task, delivery.progress(preview=(first := delivery.preview())), first=True, pace=PACE, now=NOW)
    assert shown.preview == first
    newer = apply(shown, delivery.progress(preview=(second := delivery.preview())), first=False, pace=PACE, now=NOW)
    assert newer.preview == second != first
    late = delivery.progress(preview=first, seq=1)
    assert apply(newer, late, first=False, pace=PACE, now=NOW).preview == second
    ends = [delivery.failed(), delivery.failed(retryable=False), delivery.released(), delivery.succeeded()]
    assert [apply(newer, event, first=False, pace=PACE, now=NOW).preview for event in ends] == [None] * 4
    assert apply(newer, other.started(), first=True, pace=PACE, now=NOW).preview is None
    assert expire(newer, pace=PACE, now=NOW).preview is None


def test_nobody_shows_the_preview_of_another_delivery() -> None:
    task = a_task()
    delivery, other = a_delivery(task), a_delivery(task)
    with pytest.raises(EventMalformed):
        apply(task, delivery.progress(preview=other.preview()), first=True, pace=PACE, now=NOW)


def test_a_step_makes_only_what_its_kind_makes() -> None:
    task = a_task(kind=Kind.IMAGE)
    with pytest.raises(EventMalformed):
        apply(task, a_delivery(task).succeeded(), first=True, pace=PACE, now=NOW)


def test_a_long_text_is_carried_only_as_far_as_it_can_matter() -> None:
    task = a_task()
    after = apply(task, a_delivery(task).succeeded("x" * 60_000), first=True, pace=PACE, now=NOW)
    assert len(after.carry or "") == 8_001


@pytest.mark.parametrize(("table", "states"), [("tasks", TaskState), ("runs", RunState)])
def test_the_database_knows_the_same_states(conn: psycopg.Connection, table: str, states: object) -> None:
    row = conn.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", (f"{table}_state",)
    ).fetchone()
    assert row
    assert set(row[0].split("'")[1::2]) == set(get_args(states))
