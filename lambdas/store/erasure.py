"""Erasing an account: everything that names it or that nobody else uses goes; published things stay without a name."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection

from contract.keys import UPLOAD_PREFIX
from lambdas.store import queries, ratings, tasks

_SQL = queries.load("erasure")

_GRACE = timedelta(minutes=10)
"""How long a worker may go on writing after its run is gone."""


def erase(conn: Connection[Any], account_id: UUID) -> list[UUID]:
    """Erase identity, logins, uploads, ratings, private pipelines and unpublished runs.

    What comes back are the tasks that a worker may hold and is to be told of.
    """
    params = {"account_id": account_id, "prefix": UPLOAD_PREFIX}
    for name in ("identity", "logins", "uploads", "private_pipelines"):
        conn.execute(_SQL[name], params)
    for (pipeline_id,) in conn.execute(_SQL["rated_pipelines"], params).fetchall():
        ratings.withdraw(conn, pipeline_id=pipeline_id, account_id=account_id)
    return _erase_runs(conn, account_id)


def _erase_runs(conn: Connection[Any], account_id: UUID) -> list[UUID]:
    return erase_runs(conn, [row[0] for row in conn.execute(_SQL["unpublished_runs"], {"account_id": account_id})])


def erase_runs(conn: Connection[Any], runs: list[UUID]) -> list[UUID]:
    """Delete runs, which the caller holds, and doom their media; the tasks that a worker may hold."""
    cancelled = tasks.cancel(conn, run_ids=runs)
    conn.execute(_SQL["doom_media"], {"runs": runs, "grace": _GRACE})
    conn.execute(_SQL["delete_runs"], {"runs": runs})
    return [task.id for task in cancelled if task.out]
