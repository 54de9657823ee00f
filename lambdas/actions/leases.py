"""Judges the leases of what is out, and sends again what was lost; media and old rows are housekeeping's."""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from lambdas.actions.outbox import Outbox
from lambdas.domain.pace import Pace
from lambdas.domain.states import expire
from lambdas.store import tasks, upkeep, workers
from lambdas.store.dispatch import again, dispatch, renew_all
from lambdas.store.settle import settle

LIMIT = 1_000
"""Rows a pass: it has to be over long before the next one."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What to do once the transaction has committed, and how much was found."""

    outbox: Outbox
    expired: int = 0


def judge(conn: Connection[Any], *, caught_up: bool, pace: Pace) -> Swept:
    """End the leases that ran out, then dispatch; the caller holds a transaction.

    `caught_up` says that no event waits to be applied, so that silence is a worker's and not `advance`'s.
    """
    clock = workers.clock(conn, caught_up=caught_up)
    held = tasks.lock_expired(conn, clock=clock, limit=LIMIT) if clock else []
    after = [expire(each.task, pace=pace, now=each.now) for each in held]
    tasks.save(conn, changed=after)
    failed = {task.run_id for task in after if task.state == "failed"}
    cancelled = settle(conn, run_ids=failed) if failed else []
    lost = [task.id for task in after if task.out]
    messages = again(conn, task_ids=lost) if lost else []
    return Swept(Outbox([*messages, *dispatch(conn, pace=pace)], cancelled), expired=len(held))


def send_all_again(conn: Connection[Any], *, pace: Pace) -> Swept:
    """Send everything that is out once more, for its messages may be gone; the caller holds a transaction.

    What a worker still holds goes on: whichever receipt is done first counts.
    """
    upkeep.rejoin_all(conn)
    messages = again(conn, task_ids=renew_all(conn, pace=pace))
    return Swept(Outbox([*messages, *dispatch(conn, pace=pace)]))
