"""Whether the API and its database answer, and who works."""

from typing import Literal, get_args

from contract.catalogue import Queue
from lambdas.api.deps import Tx
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.base import Answer
from lambdas.store import stats

router = StrictRouter(tags=["operation"])


class Health(Answer):
    """What answers; `workers` has the number of live workers of each queue.

    A worker lives while its reports arrive: they come through the queues and `advance`, so those are at work too.
    """

    api: Literal["ok"]
    database: Literal["ok"]
    workers: dict[Queue, int]


@router.get("/health")
def get_health(tx: Tx) -> Health:
    """200 once the API and its database answer, else 503; who works is told and changes nothing about it."""
    alive = {workers.queue: workers.alive for workers in stats.live_workers(tx)}
    return Health(api="ok", database="ok", workers={queue: alive.get(queue, 0) for queue in get_args(Queue)})
