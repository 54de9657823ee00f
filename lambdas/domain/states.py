"""The life of a task: what each event of a worker, and each silence, makes of it; storing it is for `store`.

States of a task::

    waiting ──(steps before it succeeded)──▶ queued ──(started)──▶ running ──(succeeded)──▶ succeeded
                                              ▲  │                  │   │
                                              │  └─(succeeded)──────┼───┼────────────────▶ succeeded
                                              └──(released, or lost/failed and tries left)┘
                                                                        └─(failed, no try left)──▶ failed
    waiting, queued, running ──(the run is cancelled or another of its tasks failed)──▶ cancelled

`queued` is in the backlog while `sent_at` is None, and out once dispatch has sent it; `received_at` then says that a
worker has it and does other things first. `started` means that computing begins. A run is `queued` until its
first task starts, then `running`; it succeeds with its last task, fails with its first failed one, and a final run
has no open task left.

Nothing about the order, number or age of messages and events is taken for granted. The rules:

1.  An event with another token than the task's changes nothing: the token is drawn anew when a run that failed
    or was cancelled is resumed, so that no event of its former life reaches it.
2.  A final task never changes, a waiting one only through its own run. Both are safe from every event.
3.  `succeeded` of any attempt and any delivery closes a task that is not final, and names the delivery that won:
    work that is done is never thrown away for being late.
4.  `started` makes a delivery the current one if it is of the current attempt and was never named before; so a
    doubled message hands the task to the receipt that started last, and a doubled `started` hands it back to nobody.
    A delivery of an earlier attempt never takes over: it may only still win by rule 3.
5.  An event of the current attempt whose delivery was never named stands for its own `started`, which is late or
    lost: `progress` and `failed` take the task over as rule 4 says and then count. `released` does so only while
    nobody runs the task, for then another receipt is alive.
6.  `progress`, `failed` and `released` count only for the current delivery of a running task; `progress` only with a
    higher `seq`. Progress renews the lease, and may name a preview, which is forgotten when the delivery is no longer
    the one that runs.
7.  A retryable failure, or a running task whose lease ran out, starts the next attempt: back in the backlog with its
    old place in line. After the third the task fails. A failure that is not retryable fails it at once. Leases that
    ran out so, starts without an end, are counted: the third says that the task ends whatever computes it.
8.  `released` puts the task back in the backlog; the attempt does not count.
9.  `received` of the current attempt renews the lease of a task that is out and not started, and leaves it `queued`.
    It names no delivery: whoever waits has written nothing, and its `started` still counts as rule 4 says. One that
    comes late renews a lease once too often, which only delays what silence would do.
10. A task that was sent and never started within its lease is sent again as the same attempt: its message was lost,
    or is too old by the deadline it carries, and no worker is to blame.

An attempt later than the current one can only come from a database that was restored to an older state: `succeeded`
counts (rule 3), the rest does not (rules 4 to 6 and 9).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from contract.keys import delivery_prefix
from contract.kinds import KINDS, Kind
from contract.limits import MAX_ATTEMPTS, MAX_TEXT_CHARACTERS
from contract.messages import Failed, Progress, Received, Released, Started, Succeeded, TaskEvent
from lambdas.domain.pace import Pace

TaskState = Literal["waiting", "queued", "running", "succeeded", "failed", "cancelled"]
RunState = Literal["queued", "running", "succeeded", "failed", "cancelled"]

OPEN: frozenset[TaskState] = frozenset({"queued", "running"})

WORKER_LOST = "worker_lost"
GAVE_UP = "gave_up"
MAX_LOST_STARTS = 3


class EventMalformed(ValueError):
    """An event that is well-formed but names what its delivery cannot have made."""


@dataclass(frozen=True, slots=True)
class Task:
    """What the rules know of a task; times are the database's."""

    id: UUID
    run_id: UUID
    kind: Kind
    token: str
    state: TaskState
    attempt: int
    lost_starts: int = 0
    """How often a worker started it and then fell silent."""
    sent_at: datetime | None = None
    lease_until: datetime | None = None
    received_at: datetime | None = None
    """When a worker last said that it has the task and cannot begin yet."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    delivery: str | None = None
    progress: float = 0
    progress_seq: int = 0
    preview: str | None = None
    """Where a picture of what is under way stands, while a delivery runs that has shown one."""
    seconds: float | None = None
    computed_seconds: float | None = None
    batch: int | None = None
    hardware: str | None = None
    worker: str | None = None
    carry: str | None = None
    error_code: str | None = None
    error_detail: str | None = None

    @property
    def out(self) -> bool:
        """Whether a message of it may be under way or a worker may hold it."""
        return self.state in OPEN and self.sent_at is not None


def apply(task: Task, event: TaskEvent, *, first: bool, pace: Pace, now: datetime) -> Task:
    """The task after an event; `first` says that no event named its delivery before.

    Raises EventMalformed when `succeeded` names outputs, or `progress` a preview, that are not its own.
    """
    if event.token != task.token or task.state not in OPEN:
        return task
    if isinstance(event, Succeeded):
        return _succeed(task, event, now=now)
    if isinstance(event, Received):
        return _receive(task, event, pace=pace, now=now)
    if first and event.attempt == task.attempt and not (isinstance(event, Released) and task.state == "running"):
        task = _start(task, event, pace=pace, now=now)
    if task.state == "running" and task.delivery == event.delivery:
        return _count(task, event, pace=pace, now=now)
    return task


def _count(task: Task, event: Started | Progress | Failed | Released, *, pace: Pace, now: datetime) -> Task:
    """The task after an event of the delivery that runs it."""
    match event:
        case Started():
            return task
        case Progress():
            return _progress(task, event, pace=pace, now=now)
        case Failed(retryable=True):
            return _retry(task, code=event.code, detail=storable(event.detail), now=now)
        case Failed():
            return fail(task, code=event.code, detail=storable(event.detail), now=now)
        case Released():
            return _requeue(task)


def expire(task: Task, *, pace: Pace, now: datetime) -> Task:
    """The task after its lease ran out: sent again if nobody started it, else the next attempt, else failed."""
    if task.state == "queued" and task.sent_at is not None:
        return replace(task, sent_at=now, lease_until=now + pace.lease, received_at=None)
    if task.state == "running":
        return _lose(replace(task, lost_starts=task.lost_starts + 1), now=now)
    return task


def _lose(task: Task, *, now: datetime) -> Task:
    """The task after a start without an end, which is counted already."""
    if task.lost_starts >= MAX_LOST_STARTS:
        detail = "Several workers stopped while they were on this step, so it was not started again."
        return fail(task, code=GAVE_UP, detail=detail, now=now)
    detail = f"The worker that had this step fell silent; it was tried {MAX_ATTEMPTS} times."
    return _retry(task, code=WORKER_LOST, detail=detail, now=now)


def fail(task: Task, *, code: str, detail: str, now: datetime) -> Task:
    """The task, failed for good."""
    return replace(task, state="failed", error_code=code, error_detail=detail, finished_at=now, preview=None)


def _receive(task: Task, event: Received, *, pace: Pace, now: datetime) -> Task:
    """The task, in the hands of a worker that has not begun; nothing changes where one has, or none can have it."""
    if event.attempt != task.attempt or task.state != "queued" or task.sent_at is None:
        return task
    return replace(task, received_at=now, lease_until=now + pace.lease)


def _start(task: Task, event: Started | Progress | Failed | Released, *, pace: Pace, now: datetime) -> Task:
    return replace(
        task,
        state="running",
        delivery=event.delivery,
        worker=event.worker,
        started_at=now,
        sent_at=task.sent_at or now,
        received_at=None,
        lease_until=now + pace.lease,
        progress=0,
        progress_seq=0,
        preview=None,
    )


def _progress(task: Task, event: Progress, *, pace: Pace, now: datetime) -> Task:
    if event.seq <= task.progress_seq:
        return task
    if event.preview is not None and not event.preview.startswith(delivery_prefix(event.delivery)):
        raise EventMalformed("a preview stands outside of its delivery's folder")
    return replace(
        task,
        progress=event.fraction,
        progress_seq=event.seq,
        preview=event.preview,
        lease_until=now + pace.lease,
    )


def _succeed(task: Task, event: Succeeded, *, now: datetime) -> Task:
    _check_outputs(task, event)
    return replace(
        task,
        state="succeeded",
        delivery=event.delivery,
        worker=event.worker,
        seconds=event.seconds,
        computed_seconds=event.computed_seconds,
        batch=event.batch,
        hardware=storable(event.hardware) or None,
        carry=_value(event),
        progress=1,
        preview=None,
        finished_at=now,
    )


def _check_outputs(task: Task, event: Succeeded) -> None:
    own = delivery_prefix(event.delivery)
    for output in event.outputs:
        keys = [output.key] if output.type == "text" else [output.key, output.thumb_key]
        if not all(key.startswith(own) for key in keys):
            raise EventMalformed("an output stands outside of its delivery's folder")
        if output.type != KINDS[task.kind].makes:
            raise EventMalformed(f"a step of kind {task.kind} makes no {output.type}")


def _value(event: Succeeded) -> str:
    """What later steps insert: the first output's text, or where its picture stands."""
    first = event.outputs[0]
    # One character over the limit is enough to be refused as too long wherever it is inserted.
    return storable(first.text[: MAX_TEXT_CHARACTERS + 1]) if first.type == "text" else first.key


def storable(text: str) -> str:
    """A text of a model or worker as PostgreSQL can keep it: it knows no NUL."""
    return text.replace("\x00", "\ufffd")


def _retry(task: Task, *, code: str, detail: str, now: datetime) -> Task:
    if task.attempt >= MAX_ATTEMPTS:
        return fail(task, code=code, detail=detail, now=now)
    return replace(_requeue(task), attempt=task.attempt + 1)


def _requeue(task: Task) -> Task:
    return replace(
        task,
        state="queued",
        sent_at=None,
        lease_until=None,
        received_at=None,
        started_at=None,
        delivery=None,
        worker=None,
        progress=0,
        progress_seq=0,
        preview=None,
    )
