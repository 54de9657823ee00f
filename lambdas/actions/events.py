"""What a batch of events changes, in one transaction: record them, unlock the next steps, dispatch."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from contract.messages import Alive, Received, Succeeded, TaskEvent
from lambdas.actions.outbox import Outbox
from lambdas.domain import states
from lambdas.domain.pace import Pace
from lambdas.domain.states import Task
from lambdas.store import assets, deliveries, tasks, workers
from lambdas.store.dispatch import dispatch
from lambdas.store.settle import settle
from lambdas.store.tasks import Cancelled, Held


@dataclass(frozen=True, slots=True)
class SentEvent:
    """An event and when it was sent, by the queue's clock."""

    event: Alive | TaskEvent
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a task of a queue was ready before a worker began with it."""

    queue: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What to do once the transaction has committed."""

    outbox: Outbox
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    """What was made and what failed, by the metric's name."""
    waits: Sequence[Wait] = ()


def apply(conn: Connection[Any], batch: Iterable[SentEvent], *, pace: Pace) -> Aftermath:
    """Let events have their effect; the caller holds a transaction, commits it and sees to what is given back.

    Raises EventMalformed when an event names outputs that its delivery cannot have made.
    """
    sent = sorted(batch, key=lambda each: each.sent_at)
    heartbeats = [(each.event, each.sent_at) for each in sent if isinstance(each.event, Alive)]
    events = [each.event for each in sent if not isinstance(each.event, Alive)]
    recorded = _record(conn, events, pace=pace) if events else _Recorded()
    workers.record_heartbeats(conn, heartbeats)
    messages = dispatch(conn, pace=pace) if recorded.makes_room or heartbeats else []
    if sent:
        workers.tick(conn, sent_at=sent[-1].sent_at)
    return Aftermath(Outbox(messages, recorded.cancelled), counts=recorded.counts, waits=recorded.waits)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """The tasks to be left by their workers, what was made, and whether dispatch may find more to do than before."""

    cancelled: Collection[Cancelled] = ()
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    waits: Sequence[Wait] = ()
    makes_room: bool = False


def _record(conn: Connection[Any], events: Sequence[TaskEvent], *, pace: Pace) -> _Recorded:
    held = {each.task.id: each for each in tasks.lock(conn, ids={event.task for event in events})}
    known = [event for event in events if event.task in held]
    if len(known) < len(events):
        deliveries.discard(conn, ids={event.delivery for event in events if event.task not in held})
    after, wins = _apply_all(held, known, first=_first_named(conn, held, known), pace=pace)
    changed = [task for task in after.values() if task is not held[task.id].task]
    tasks.save(conn, changed=changed)
    assets.link(conn, wins=wins)
    moved = {task.run_id for task in changed if task.state != held[task.id].task.state and task.state != "queued"}
    cancelled = settle(conn, run_ids=moved) if moved else []
    makes_room = any(not task.out for task in changed)
    return _Recorded(
        cancelled=cancelled,
        counts=_counts(changed, wins),
        waits=[wait for task in changed if (wait := _wait(held[task.id], task))],
        makes_room=makes_room,
    )


def _wait(before: Held, after: Task) -> Wait | None:
    """How long the task waited if it has just started for the first time."""
    is_first = before.task.started_at is None and after.attempt == 1
    if after.started_at is None or before.ready_at is None or not is_first:
        return None
    return Wait(before.queue, (after.started_at - before.ready_at).total_seconds())


def _counts(changed: Iterable[Task], wins: Sequence[Succeeded]) -> dict[str, int]:
    made = [output.type for win in wins for output in win.outputs]
    failed = sum(task.state == "failed" for task in changed)
    counts = {
        "Images": made.count("image"),
        "Texts": made.count("text"),
        "TasksSucceeded": len(wins),
        "TasksFailed": failed,
    }
    return {name: count for name, count in counts.items() if count}


def _first_named(conn: Connection[Any], held: dict[UUID, Held], events: Iterable[TaskEvent]) -> set[str]:
    """The deliveries among these that no event named before; `received` names none."""
    naming = [event for event in events if not isinstance(event, Received)]
    return deliveries.record(
        conn, events=[event for event in naming if event.delivery != held[event.task].task.delivery]
    )


def _apply_all(
    held: dict[UUID, Held], events: Iterable[TaskEvent], *, first: set[str], pace: Pace
) -> tuple[dict[UUID, Task], list[Succeeded]]:
    """The tasks after all events, in their order, and the events that closed one with success."""
    after = {task_id: each.task for task_id, each in held.items()}
    wins: list[Succeeded] = []
    for event in events:
        before = after[event.task]
        now = held[event.task].now
        after[event.task] = states.apply(before, event, first=event.delivery in first, pace=pace, now=now)
        if not isinstance(event, Received):
            first.discard(event.delivery)
        if isinstance(event, Succeeded) and after[event.task] is not before:
            wins.append(event)
    return after, wins
