"""How much there is, how fast models are and which workers are alive."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from lambdas.store import queries

_SQL = queries.load("stats")

_SETTLED = timedelta(minutes=2)
"""After so long no transaction is under way any more: ids and times are drawn when it begins."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts: of images, texts and runs what was ever made, of results and accounts what there is."""

    images: int
    texts: int
    runs: int
    results: int
    accounts: int


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds for which a model's latest tasks were computed."""

    model: str
    mean: float
    p95: float


@dataclass(frozen=True, slots=True)
class QueueWorkers:
    """The workers of a queue that are alive, together."""

    queue: str
    alive: int
    busy: int
    ram_bytes: int


def totals(conn: Connection[Any]) -> Totals:
    """How much there is."""
    with conn.cursor(row_factory=class_row(Totals)) as cursor:
        (found,) = cursor.execute(_SQL["totals"])
    return found


def tally(conn: Connection[Any]) -> None:
    """Add what was made since the last time to the running totals, so that the figures above stay cheap."""
    conn.execute(_SQL["tally"], {"settled": _SETTLED})


def task_counts(conn: Connection[Any]) -> dict[str, int]:
    """How many tasks each model has done."""
    return dict(conn.execute(_SQL["task_counts"]).fetchall())


def speeds(conn: Connection[Any], models: list[str]) -> dict[str, Speed]:
    """By model, how long its latest 200 tasks were computed; a model of which no worker said so is absent."""
    with conn.cursor(row_factory=class_row(Speed)) as cursor:
        return {speed.model: speed for speed in cursor.execute(_SQL["speeds"], {"models": models})}


def live_workers(conn: Connection[Any]) -> list[QueueWorkers]:
    """Who sent a heartbeat within the last minute, by queue."""
    with conn.cursor(row_factory=class_row(QueueWorkers)) as cursor:
        return cursor.execute(_SQL["live_workers"]).fetchall()


def live_models(conn: Connection[Any]) -> set[str]:
    """The models that some live worker can run."""
    return {row[0] for row in conn.execute(_SQL["live_models"])}
