"""Where a pipeline comes from and what others made of it, as far as a viewer may see."""

from typing import Any
from uuid import UUID

from psycopg import Connection

from lambdas.store import pipelines, queries

_SQL = queries.load("lineage")


def family(conn: Connection[Any], pipeline_id: UUID, *, viewer_id: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The pipeline, its ancestors, descendants and siblings, nearest first and at most `limit`; raises NotFound."""
    params = {"pipeline_id": pipeline_id, "viewer_id": viewer_id, "limit": limit}
    (row,) = conn.execute(_SQL["family"], params)
    if not row[0]:
        raise pipelines.not_found()
    return row[0]


def parent_result(conn: Connection[Any], result_id: UUID, *, viewer_id: UUID | None) -> UUID | None:
    """The best result of what a result's pipeline was started from; None when there is none to be seen."""
    found = conn.execute(_SQL["parent_result"], {"result_id": result_id, "viewer_id": viewer_id}).fetchone()
    return found[0] if found else None
