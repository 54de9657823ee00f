"""Results: runs that their authors published, and the lists of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from contract.faults import Fault, FaultCode
from contract.keys import new_delivery
from lambdas.domain.errors import Conflict, Forbidden, Invalid, NotFound, PipelineDeleted, RunNotSucceeded
from lambdas.store import deliveries, lists, queries
from lambdas.store.lists import Filters, SortKey

_SQL = queries.load("results")


@dataclass(frozen=True, slots=True)
class Step:
    """One task of a result's run; `outputs` are as the API shows them."""

    step: str
    kind: str
    model: str
    revision: str
    prompt: str | None
    params: dict[str, Any]
    seconds: float | None
    hardware: str | None
    run_seed: int
    outputs: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Move:
    """Where the media of a run is to go."""

    folders: Mapping[str, str]
    """The new name of each folder of the media bucket, by its old one."""
    objects: Sequence[tuple[str, str]]
    """What to copy: old and new keys."""


def publish(
    conn: Connection[Any], *, run_id: UUID, account_id: UUID, title: str | None, cover: UUID | None
) -> tuple[UUID, bool]:
    """The id of the run's result, and whether it is new.

    Raises NotFound for runs of others, RunNotSucceeded, PipelineDeleted, Forbidden when the pipeline is
    somebody's private one, and Invalid for a cover that the run did not make.
    """
    _check_publishable(conn, run_id=run_id, account_id=account_id)
    if cover is not None:
        (row,) = conn.execute(_SQL["has_output"], {"asset_id": cover, "run_id": run_id})
        if not row[0]:
            raise Invalid([Fault(("cover",), FaultCode.UNKNOWN_COVER)])
    (row,) = conn.execute(_SQL["publish"], {"run_id": run_id, "title": title, "cover": cover})
    result_id, created, pipeline_id = row
    if created:
        choose_leading(conn, pipeline_id)
    return result_id, created


def choose_leading(conn: Connection[Any], pipeline_id: UUID) -> None:
    """Let the best two results of a pipeline, which the caller holds, stand where it ranks."""
    conn.execute(_SQL["choose_leading"], {"pipeline_id": pipeline_id})


def _check_publishable(conn: Connection[Any], *, run_id: UUID, account_id: UUID) -> None:
    row = conn.execute(_SQL["lock_run"], {"run_id": run_id, "account_id": account_id}).fetchone()
    if row is None:
        raise NotFound("You have no such run.")
    state, own_pipeline, private, deleted = row
    if state != "succeeded":
        raise RunNotSucceeded(f"Only a run that succeeded can be published; this one is {state}.")
    if deleted:
        raise PipelineDeleted("The pipeline of this run was deleted.")
    if private and not own_pipeline:
        raise Forbidden("The pipeline of this run is private: only its author may publish what it makes.")


def withdraw(conn: Connection[Any], *, run_id: UUID, account_id: UUID) -> None:
    """Take a result out of the gallery; raises NotFound when the account has not published this run."""
    params = {"run_id": run_id, "account_id": account_id}
    # The pipeline before its result, as who rates it takes them, or the two would wait for each other.
    conn.execute(_SQL["lock_run"], params)
    withdrawn = conn.execute(_SQL["withdraw"], params).fetchone()
    if withdrawn is None:
        raise _not_published()
    choose_leading(conn, withdrawn[0])


def _not_published() -> NotFound:
    return NotFound("You have not published this run.")


def plan_move(conn: Connection[Any], *, run_id: UUID, account_id: UUID) -> Move:
    """New addresses, which nobody has seen, for what a result's run made; raises NotFound as `withdraw` does.

    The new folders are noted for deletion some time from now: `move_media` takes the note back.
    """
    if conn.execute(_SQL["own"], {"run_id": run_id, "account_id": account_id}).fetchone() is None:
        raise _not_published()
    folders = {old: new_delivery() for old in _deliveries(conn, run_id)}
    keys = [key for row in conn.execute(_SQL["media"], {"run_id": run_id}) for key in row if key]
    deliveries.discard(conn, ids=folders.values())
    objects = [(key, key.replace(delivery := key.split("/")[1], folders[delivery], 1)) for key in keys]
    return Move(folders=folders, objects=objects)


def move_media(conn: Connection[Any], *, run_id: UUID, move: Move) -> None:
    """Let a run's outputs stand where they were copied to, and note the old folders for deletion.

    Raises Conflict when they have been moved since the plan was made.
    """
    if _deliveries(conn, run_id) != set(move.folders):
        raise Conflict("The media of this run was moved meanwhile. Try again.")
    params = {"run_id": run_id, "old": list(move.folders), "new": list(move.folders.values())}
    conn.execute(_SQL["move_media"], params)
    deliveries.keep(conn, ids=move.folders.values())


def _deliveries(conn: Connection[Any], run_id: UUID) -> set[str]:
    return {row[0] for row in conn.execute(_SQL["deliveries"], {"run_id": run_id})}


def page(
    conn: Connection[Any], filters: Filters, *, pipeline_id: UUID | None = None, after: SortKey, limit: int
) -> list[SortKey]:
    """The sort keys of at most `limit` results that come after one; `cards` shows them."""
    params = lists.params(filters, after=after, limit=limit) | {"pipeline_id": pipeline_id}
    return lists.sort_keys(conn, _SQL[filters.sort], params)


def cards(conn: Connection[Any], ids: list[UUID], *, viewer_id: UUID | None) -> str:
    """These results in this order, as the JSON array that a list shows to this viewer; hidden ones of others not."""
    (row,) = conn.execute(_SQL["cards"], {"ids": ids, "viewer_id": viewer_id})
    return row[0]


def steps(conn: Connection[Any], result_id: UUID) -> list[Step]:
    """What the run behind a result did, step by step."""
    with conn.cursor(row_factory=class_row(Step)) as cursor:
        return cursor.execute(_SQL["steps"], {"result_id": result_id}).fetchall()
