"""Erasing an account: everything that names it or that nobody else uses goes; published things stay without a name."""

from typing import Any
from uuid import UUID

from psycopg import Connection

from contract.keys import UPLOAD_PREFIX
from lambdas.store import queries, ratings, runs
from lambdas.store.tasks import Cancelled

_SQL = queries.load("erasure")


def erase(conn: Connection[Any], account_id: UUID) -> list[Cancelled]:
    """Erase identity, logins, uploads, ratings, private pipelines and unpublished runs.

    What comes back are the tasks that a worker may hold, and which it is to leave.
    """
    params = {"account_id": account_id, "prefix": UPLOAD_PREFIX}
    for name in ("identity", "logins", "uploads", "private_pipelines"):
        conn.execute(_SQL[name], params)
    for (pipeline_id,) in conn.execute(_SQL["rated_pipelines"], params).fetchall():
        ratings.withdraw(conn, pipeline_id=pipeline_id, account_id=account_id)
    return runs.remove(conn, [row[0] for row in conn.execute(_SQL["unpublished_runs"], params)])
