"""Workers as they report themselves, and the clock of their events."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from psycopg import Connection

from contract.messages import Alive
from lambdas.domain.pace import Pace
from lambdas.store.queries import load
from lambdas.store.records import records

_SQL = load("workers")


def record_heartbeats(conn: Connection[Any], heartbeats: Iterable[tuple[Alive, datetime]]) -> None:
    """Record heartbeats with the times at which they were sent; the last of each worker counts."""
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    for beat, sent_at in sorted(heartbeats, key=lambda pair: pair[1]):
        latest[beat.worker, beat.queue] = {
            "id": beat.worker,
            "queue": beat.queue,
            "slots": beat.slots,
            "busy": beat.busy,
            "models": beat.models,
            "ram_bytes": beat.ram_bytes,
            "vram_bytes": beat.vram_bytes,
            "protocol": beat.protocol,
            "seen_at": sent_at,
        }
    if latest:
        conn.execute(_SQL["record_heartbeats"], {"heartbeats": records(latest.values())})


def protocol(conn: Connection[Any], *, queue: str, pace: Pace) -> int | None:
    """What every live worker of a queue understands: requests may carry fields of this protocol and of earlier ones.

    None when no worker lives; see `contract.messages`.
    """
    (row,) = conn.execute(_SQL["protocol"], {"queue": queue, "live": pace.live})
    return row[0]


def forget_silent(conn: Connection[Any], *, before: datetime) -> None:
    """Forget workers that fell silent before this time."""
    conn.execute(_SQL["forget_silent"], {"before": before})


def tick(conn: Connection[Any], *, sent_at: datetime) -> None:
    """Say that events sent at this time are handled."""
    conn.execute(_SQL["tick"], {"sent_at": sent_at})


def clock(conn: Connection[Any], *, caught_up: bool) -> datetime | None:
    """The time by which leases are judged; None while no event was ever handled and some wait."""
    row = conn.execute(_SQL["clock"], {"caught_up": caught_up}).fetchone()
    return row[0] if row else None
