"""Pipelines and what their authors say of them; versions and ratings are nouns of their own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from contract.spec import Spec
from lambdas.domain.errors import Forbidden, NotFound
from lambdas.store import lists, queries, results
from lambdas.store.lists import Filters, SortKey

_SQL = queries.load("pipelines")

Visibility = Literal["public", "unlisted", "private"]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline as one viewer sees it; `spec` is None in lists, `author` when the account was deleted."""

    id: UUID
    title: str
    description: str
    tags: list[str]
    visibility: Visibility
    latest_version: int
    kinds: list[str]
    models: list[str]
    parent_id: UUID | None
    parent_version: int | None
    rating_count: int
    rating_sum: int
    score: float
    my_stars: int | None
    run_count: int
    result_count: int
    remix_count: int
    created_at: datetime
    updated_at: datetime
    author: str | None
    spec: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Draft:
    """What a new pipeline says; `parent` is the version that it starts from."""

    title: str
    description: str
    tags: list[str]
    visibility: Visibility
    spec: Spec
    parent: tuple[UUID, int] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What to change about a pipeline; None leaves it."""

    title: str | None = None
    description: str | None = None
    tags: list[str] | None = None
    visibility: Visibility | None = None


def create(conn: Connection[Any], draft: Draft, *, account_id: UUID) -> UUID:
    """The id of a new pipeline whose version 1 has the draft's spec."""
    parent_id, parent_version = draft.parent or (None, None)
    params = {
        "account_id": account_id,
        "title": draft.title,
        "description": draft.description,
        "tags": draft.tags,
        "visibility": draft.visibility,
        "parent_id": parent_id,
        "parent_version": parent_version,
        **spec_params(draft.spec),
    }
    (row,) = conn.execute(_SQL["create"], params)
    return row[0]


def spec_params(spec: Spec) -> dict[str, Any]:
    """A complete spec as the queries that store one take it."""
    return {
        "spec": Jsonb(spec.model_dump(mode="json")),
        "kinds": sorted({step.kind for step in spec.steps}),
        "models": sorted({step.model for step in spec.steps}),
    }


def find(conn: Connection[Any], pipeline_id: UUID, *, viewer_id: UUID | None) -> Pipeline:
    """One pipeline with its latest spec; raises NotFound when the viewer may not see it."""
    with conn.cursor(row_factory=class_row(Pipeline)) as cursor:
        found = cursor.execute(_SQL["find"], {"pipeline_id": pipeline_id, "viewer_id": viewer_id}).fetchone()
    if found is None:
        raise not_found()
    return found


def page(conn: Connection[Any], filters: Filters, *, after: SortKey, limit: int) -> list[SortKey]:
    """The sort keys of at most `limit` pipelines that come after one; `cards` shows them."""
    params = lists.params(filters, after=after, limit=limit)
    return lists.sort_keys(conn, _SQL[filters.sort], params)


def cards(conn: Connection[Any], ids: list[UUID], *, viewer_id: UUID | None) -> list[Pipeline]:
    """These pipelines in this order, without their specs."""
    with conn.cursor(row_factory=class_row(Pipeline)) as cursor:
        return cursor.execute(_SQL["cards"], {"ids": ids, "viewer_id": viewer_id}).fetchall()


def lock_visible(conn: Connection[Any], pipeline_id: UUID, *, viewer_id: UUID) -> UUID:
    """Whose pipeline this is, held until the transaction ends; raises NotFound when the viewer may not see it."""
    row = conn.execute(_SQL["lock"], {"pipeline_id": pipeline_id, "viewer_id": viewer_id}).fetchone()
    if row is None:
        raise not_found()
    return row[0]


def lock_own(conn: Connection[Any], pipeline_id: UUID, *, account_id: UUID) -> None:
    """Hold a pipeline of one's own until the transaction ends; raises NotFound, or Forbidden for somebody else's."""
    if lock_visible(conn, pipeline_id, viewer_id=account_id) != account_id:
        raise Forbidden("Only its author may change a pipeline; remix it to have your own.")


def update(conn: Connection[Any], pipeline_id: UUID, change: Change) -> None:
    """Change what is given; what is public is kept for whoever used it. The caller holds the pipeline."""
    params = {
        "pipeline_id": pipeline_id,
        "title": change.title,
        "description": change.description,
        "tags": change.tags,
        "visibility": change.visibility,
    }
    conn.execute(_SQL["update"], params)
    conn.execute(_SQL["keep_words"], params)
    if change.visibility is not None:
        _list_results(conn, pipeline_id)


def delete(conn: Connection[Any], pipeline_id: UUID) -> None:
    """Take a pipeline and its results out of every list; the caller holds the pipeline."""
    conn.execute(_SQL["delete"], {"pipeline_id": pipeline_id})
    _list_results(conn, pipeline_id)


def _list_results(conn: Connection[Any], pipeline_id: UUID) -> None:
    """Let lists show the pipeline's results or not, and the best of them where it ranks."""
    conn.execute(_SQL["list_results"], {"pipeline_id": pipeline_id})
    results.choose_leading(conn, pipeline_id)


def add_version(conn: Connection[Any], pipeline_id: UUID, *, spec: Spec, note: str) -> int:
    """The number of a new latest version; the caller holds the pipeline."""
    params = {"pipeline_id": pipeline_id, "note": note, **spec_params(spec)}
    (row,) = conn.execute(_SQL["add_version"], params)
    return row[0]


def not_found() -> NotFound:
    """The error for a pipeline that is not there or is hidden: nobody learns which."""
    return NotFound("There is no such pipeline, or it is private.")
