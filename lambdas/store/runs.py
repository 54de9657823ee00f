"""Runs of versions: start, read, cancel, resume, delete; what workers make of them comes through `settle`."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from contract.catalogue import Catalogue
from contract.kinds import Kind
from contract.spec import Spec, Step, step_references
from lambdas.domain.errors import ModelGone, NotFound, RunNotFailed, RunPublished
from lambdas.domain.prompts import Unfillable, fill
from lambdas.domain.states import RunState
from lambdas.store import deliveries, settle, tasks
from lambdas.store.queries import load
from lambdas.store.records import records
from lambdas.store.tasks import Cancelled

_SQL = load("runs")


@dataclass(frozen=True, slots=True)
class Runnable:
    """A version that may be run; `spec` is None when the pipeline has no version of that number."""

    pipeline_id: UUID
    version: int
    spec: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class NewRun:
    """Everything that decides what a run makes; `input_keys` says where the pictures among the inputs stand."""

    pipeline_id: UUID
    version: int
    spec: Spec
    inputs: Mapping[str, str]
    input_keys: Mapping[str, str]
    seed: int


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its account sees it, its tasks in the shape of the API; `queued` is the next task that waits in line."""

    id: UUID
    state: RunState
    pipeline_id: UUID
    version: int
    inputs: dict[str, str]
    seed: int
    error_code: str | None
    error_detail: str | None
    created_at: datetime
    finished_at: datetime | None
    result: UUID | None
    tasks: list[dict[str, Any]]
    queued: UUID | None


def find_runnable(conn: Connection[Any], *, pipeline_id: UUID, version: int | None, account_id: UUID) -> Runnable:
    """The version, or the latest; raises NotFound when the account may not run the pipeline."""
    params = {"pipeline_id": pipeline_id, "version": version, "viewer_id": account_id}
    with conn.cursor(row_factory=class_row(Runnable)) as cursor:
        found = cursor.execute(_SQL["runnable"], params).fetchone()
    if found is None:
        raise NotFound("There is no such pipeline, or it is private.")
    return found


def create(
    conn: Connection[Any], run: NewRun, *, account_id: UUID, guest: bool, catalogue: Catalogue, run_id: UUID | None
) -> tuple[UUID, set[str]]:
    """The id of a new run and the queues in whose backlog its first tasks stand; raises ModelGone."""
    planned = list(_plan(run, catalogue=catalogue))
    params = {
        "id": run_id,
        "account_id": account_id,
        "guest": guest,
        "pipeline_id": run.pipeline_id,
        "version": run.version,
        "inputs": Jsonb(dict(run.inputs)),
        "input_keys": Jsonb(dict(run.input_keys)),
        "seed": run.seed,
        "tasks": records(planned),
    }
    (row,) = conn.execute(_SQL["create"], params)
    created: UUID = row[0]
    if not all(task["state"] == "queued" or task["needs"] for task in planned):
        # A first step cannot be filled in: it fails, and the run with it, the way a later step's would.
        settle.settle(conn, run_ids=[created])
    return created, {task["queue"] for task in planned if task["state"] == "queued"}


def find(conn: Connection[Any], run_id: UUID, *, account_id: UUID) -> Run:
    """An account's own run; raises NotFound."""
    with conn.cursor(row_factory=class_row(Run)) as cursor:
        run = cursor.execute(_SQL["read"], {"id": run_id, "account_id": account_id}).fetchone()
    if run is None:
        raise _not_found()
    return run


def page(conn: Connection[Any], *, account_id: UUID, before: UUID | None, limit: int) -> list[Run]:
    """An account's runs, newest first, from after the run `before`."""
    with conn.cursor(row_factory=class_row(Run)) as cursor:
        return cursor.execute(_SQL["page"], {"account_id": account_id, "before": before, "limit": limit}).fetchall()


def cancel(conn: Connection[Any], run_id: UUID, *, account_id: UUID) -> list[Cancelled]:
    """Close a run; the tasks that a worker may hold, and which it is to leave. Closing a closed one changes nothing."""
    _lock_own(conn, run_id, account_id=account_id)
    is_closed = conn.execute(_SQL["cancel"], {"id": run_id}).rowcount == 1
    return tasks.cancel(conn, run_ids=[run_id]) if is_closed else []


def resume(conn: Connection[Any], run_id: UUID, *, account_id: UUID) -> int:
    """Let a run that ended early go on from the steps that are not done, and say how many; raises RunNotFailed."""
    if _lock_own(conn, run_id, account_id=account_id) not in ("failed", "cancelled"):
        raise RunNotFailed("Only a run that failed or was cancelled can go on from there.")
    (row,) = conn.execute(_SQL["has_lost_values"], {"id": run_id})
    if row[0]:
        raise RunNotFailed("What the steps before made was not kept for this run; start it anew.")
    unfinished = [row[0] for row in conn.execute(_SQL["unfinished_steps"], {"id": run_id})]
    tokens = [{"id": task_id, "token": _token()} for task_id in unfinished]
    conn.execute(_SQL["reopen"], {"id": run_id, "tokens": records(tokens)})
    settle.settle(conn, run_ids=[run_id])
    return len(unfinished)


def delete(conn: Connection[Any], run_id: UUID, *, account_id: UUID) -> list[Cancelled]:
    """Remove a run and discard its media; the tasks that a worker may hold. Raises RunPublished."""
    _lock_own(conn, run_id, account_id=account_id)
    (row,) = conn.execute(_SQL["is_published"], {"id": run_id})
    if row[0]:
        raise RunPublished("This run is published: withdraw its result first.")
    return remove(conn, [run_id])


def remove(conn: Connection[Any], run_ids: list[UUID]) -> list[Cancelled]:
    """Remove runs, which the caller holds, and discard their media; the tasks that a worker may hold."""
    cancelled = tasks.cancel(conn, run_ids=run_ids)
    conn.execute(_SQL["discard_media"], {"runs": run_ids, "grace": deliveries.GRACE})
    conn.execute(_SQL["delete"], {"runs": run_ids})
    return cancelled


def _lock_own(conn: Connection[Any], run_id: UUID, *, account_id: UUID) -> RunState:
    row = conn.execute(_SQL["lock_own"], {"id": run_id, "account_id": account_id}).fetchone()
    if row is None:
        raise _not_found()
    return cast("RunState", row[0])


def _plan(run: NewRun, *, catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    """A row for each task, ready where nothing but inputs is needed."""
    values = {**run.inputs, **run.input_keys}
    names = {step.name for step in run.spec.steps}
    for ordinal, step in enumerate(run.spec.steps):
        model = catalogue.find(step.model)
        if model is None:
            raise ModelGone(f"The model {step.model} of the step {step.name} is not offered here; remix with another.")
        needs = sorted(step_references(step) & names)
        resolved = None if needs else _filled(step, values)
        yield {
            "ordinal": ordinal,
            "step": step.name,
            "kind": step.kind,
            "model": model.id,
            "revision": model.revision,
            "queue": model.queue,
            "needs": needs,
            "params": step.params.model_dump(mode="json"),
            "resolved": resolved,
            "state": "waiting" if resolved is None else "queued",
            "token": _token(),
        }


def _filled(step: Step, values: Mapping[str, str]) -> dict[str, str] | None:
    """The step's templates filled in; None when they cannot be, which `settle` finds out once more and says why."""
    try:
        return fill(Kind(step.kind), step.params.model_dump(mode="json"), values)
    except Unfillable:
        return None


def _token() -> str:
    return secrets.token_urlsafe(16)


def _not_found() -> NotFound:
    return NotFound("There is no such run, or it is not yours.")
