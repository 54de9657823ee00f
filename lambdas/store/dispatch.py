"""Takes tasks out of the backlog, account by account; who is next is dealt by `domain.dispatch`, sending is `aws`'."""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from contract.limits import MESSAGE_VERSION
from contract.seeds import output_seed
from lambdas.domain import dispatch as rules
from lambdas.domain.dispatch import Survey, Turn
from lambdas.domain.pace import Pace
from lambdas.store.queries import load

_SQL = load("dispatch")

QUEUES = ("text", "image")
_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send once the transaction has committed."""

    queue: str
    account_id: UUID
    task_id: UUID
    body: str


@dataclass(frozen=True, slots=True)
class _Taken:
    id: UUID
    run_id: UUID
    account_id: UUID
    queue: str
    step: str
    kind: str
    model: str
    revision: str
    attempt: int
    token: str
    params: dict[str, Any]
    seed: int
    ready_at: datetime
    lease_until: datetime


def dispatch(conn: Connection[Any], *, pace: Pace, queues: Collection[str] = QUEUES) -> list[Outgoing]:
    """Send out as much of the backlog as the windows of these queues have room for.

    To be the last thing that a transaction does: it waits for nobody, so whoever waits for what it holds does so
    briefly and never in a circle. Two at a time take different accounts and tasks; each may fill the room it saw.
    """
    outgoing: list[Outgoing] = []
    for queue in survey(conn, queues=queues, pace=pace):
        if rules.room(queue, pace=pace):
            outgoing += _fill(conn, queue, pace=pace)
    return outgoing


def survey(conn: Connection[Any], *, queues: Collection[str], pace: Pace) -> list[Survey]:
    """What is out in each of these queues, and the slots of its live workers."""
    with conn.cursor(row_factory=class_row(Survey)) as cursor:
        return cursor.execute(_SQL["survey"], {"queues": list(queues), "live": pace.live}).fetchall()


def backlogs(conn: Connection[Any]) -> dict[str, int]:
    """How many tasks of each queue are ready or at work; more than any group of workers is made for are not counted."""
    return dict(conn.execute(_SQL["backlogs"], {"queues": list(QUEUES), "limit": _COUNTED}).fetchall())


def again(conn: Connection[Any], *, task_ids: Collection[UUID]) -> list[Outgoing]:
    """The messages of tasks that are out, to send once more."""
    with conn.cursor(row_factory=class_row(_Taken)) as cursor:
        return [_outgoing(task) for task in cursor.execute(_SQL["again"], {"ids": list(task_ids)})]


def renew_all(conn: Connection[Any], *, pace: Pace) -> list[UUID]:
    """Give every task that is out a whole lease, as if it had been sent just now; their ids."""
    return [row[0] for row in conn.execute(_SQL["renew_all"], {"lease": pace.lease})]


def _fill(conn: Connection[Any], queue: Survey, *, pace: Pace) -> list[Outgoing]:
    line = _line(conn, queue, pace=pace)
    if not line:
        return []
    dealt = rules.deal(line, survey=queue, pace=pace)
    taken = _take(conn, queue.queue, dealt=dealt, pace=pace) if dealt else []
    _serve(conn, queue.queue, line=line, dealt=dealt)
    return [_outgoing(task) for task in _in_order(taken, dealt)]


def _line(conn: Connection[Any], queue: Survey, *, pace: Pace) -> list[Turn]:
    # Accounts that have all they may have out are passed over: there are no more of them than fill the window.
    limit = rules.room(queue, pace=pace) + queue.total // pace.per_account
    params = {"queue": queue.queue, "limit": limit, "per_account": pace.per_account}
    with conn.cursor(row_factory=class_row(Turn)) as cursor:
        return cursor.execute(_SQL["line"], params).fetchall()


def _take(conn: Connection[Any], queue: str, *, dealt: Sequence[UUID], pace: Pace) -> list[_Taken]:
    counts = Counter(dealt)
    params = {"queue": queue, "accounts": list(counts), "counts": list(counts.values()), "lease": pace.lease}
    with conn.cursor(row_factory=class_row(_Taken)) as cursor:
        return cursor.execute(_SQL["take"], params).fetchall()


def _serve(conn: Connection[Any], queue: str, *, line: Iterable[Turn], dealt: Sequence[UUID]) -> None:
    turns: dict[UUID, int | None] = {each.account_id: None for each in line if each.ready == 0}
    turns |= {account_id: turn for turn, account_id in enumerate(dealt)}
    if turns:
        params = {"queue": queue, "accounts": list(turns), "turns": list(turns.values())}
        conn.execute(_SQL["serve"], params)


def _in_order(taken: Iterable[_Taken], dealt: Sequence[UUID]) -> list[_Taken]:
    """As dealt: each account's oldest first, the accounts in turn."""
    by_account: defaultdict[UUID, deque[_Taken]] = defaultdict(deque)
    for task in sorted(taken, key=lambda task: (task.ready_at, task.id)):
        by_account[task.account_id].append(task)
    return [by_account[account_id].popleft() for account_id in dealt if by_account[account_id]]


def _outgoing(task: _Taken) -> Outgoing:
    """The message in the shape of `contract.messages.TaskRequested`.

    It is not validated here: a row that a later release no longer accepts must not stop everybody's dispatch. The
    worker refuses it, and its task fails with a reason.
    """
    count = int(task.params.get("count", 1))
    request = {
        "v": MESSAGE_VERSION,
        "run": str(task.run_id),
        "task": str(task.id),
        "attempt": task.attempt,
        "token": task.token,
        "deadline": task.lease_until.isoformat(),
        "step": task.step,
        "kind": task.kind,
        "model": task.model,
        "revision": task.revision,
        "seeds": [output_seed(task.seed, step=task.step, k=k) for k in range(count)],
        "params": task.params,
    }
    body = json.dumps(request, ensure_ascii=False, separators=(",", ":"))
    return Outgoing(queue=task.queue, account_id=task.account_id, task_id=task.id, body=body)
