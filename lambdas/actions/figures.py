"""How much there is, how fast models are, and who works."""

from typing import NamedTuple

from lambdas.actions.services import Services
from lambdas.store import stats
from lambdas.store.stats import QueueWorkers, Speed, Totals


class Models(NamedTuple):
    """Which models some live worker can run, and the speeds of those that have run."""

    available: set[str]
    speeds: dict[str, Speed]


class Stats(NamedTuple):
    """Totals, the tasks and speed of each model, and the live workers of each queue."""

    totals: Totals
    tasks: dict[str, int]
    speeds: dict[str, Speed]
    workers: list[QueueWorkers]


def models(services: Services) -> Models:
    """What is known of the models of this deployment."""
    with services.pool.connection() as conn:
        return Models(stats.live_models(conn), stats.speeds(conn, [model.id for model in services.catalogue.models]))


def read(services: Services) -> Stats:
    """The figures of this deployment; every model of the catalogue and every one that has run has its tasks."""
    with services.pool.connection() as conn:
        tasks = dict.fromkeys((model.id for model in services.catalogue.models), 0) | stats.task_counts(conn)
        return Stats(stats.totals(conn), tasks, stats.speeds(conn, sorted(tasks)), stats.live_workers(conn))


def live_workers(services: Services) -> dict[str, int]:
    """How many workers of each queue are alive; raises what an absent database raises."""
    with services.pool.connection() as conn:
        return {workers.queue: workers.alive for workers in stats.live_workers(conn)}
