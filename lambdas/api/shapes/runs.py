"""Runs as the API takes and shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from contract.kinds import Kind
from contract.limits import MAX_INPUTS, MAX_SEED
from contract.text import Name, Text
from lambdas.actions.runs import Shown, Wanted
from lambdas.api.shapes.base import Answer, Body, Id, Page, VersionNumber, given
from lambdas.api.shapes.outputs import Output
from lambdas.domain.queue_position import ReasonCode
from lambdas.domain.states import RunState, TaskState
from lambdas.store import runs

Inputs = Annotated[dict[Name, Text], Field(max_length=MAX_INPUTS)]


class RunIn(Body):
    """What to run: the latest version and a random seed when absent; a picture is the id of an upload or output."""

    pipeline: Id
    version: VersionNumber | MISSING = MISSING
    inputs: Inputs | MISSING = MISSING
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] | MISSING = MISSING

    def wanted(self) -> Wanted:
        """The same as the action takes it."""
        return Wanted(self.pipeline, given(self.version), given(self.inputs), given(self.seed))


class QueuePlace(Answer):
    """The place in line of the run's next task: `position` tasks are served before it, or more if `more` says so."""

    position: int
    more: bool
    eta_seconds: int | None
    reason_code: ReasonCode
    reason: str


class Failure(Answer):
    """Why it failed, in a stable word and in a sentence."""

    code: str
    detail: str


class Task(Answer):
    """One step of a run; `prompt` is resolved, null until known; `progress` runs from 0 to 1.

    `preview_url` is a small, rough picture of what is under way; it changes as the step gets on, and is gone with it.
    `seconds` says how long it was computed, without its waiting.
    """

    step: str
    kind: Kind
    model: str
    state: TaskState
    progress: float
    preview_url: str | None
    prompt: str | None
    seconds: float | None
    attempts: int
    outputs: list[Output]
    error: Failure | None


class RunSummary(Answer):
    """A run in a list; `tasks` holds every step in spec order from the start."""

    id: UUID
    state: RunState
    pipeline: UUID
    version: int
    inputs: dict[str, str]
    seed: int
    tasks: list[Task]
    error: Failure | None
    created_at: datetime
    finished_at: datetime | None
    result: UUID | None

    @classmethod
    def of(cls, row: runs.Run) -> "RunSummary":
        """The answer for a row of the store."""
        return cls.model_validate(_shared(row))


class Run(RunSummary):
    """A run; `queue` is null when nothing of it waits in line."""

    queue: QueuePlace | None

    @classmethod
    def shown(cls, found: Shown) -> "Run":
        """The answer for a run and its place in line."""
        return cls.model_validate(_shared(found.run) | {"queue": found.position})


class RunPage(Page[RunSummary]):
    """One's own runs, newest first."""


def _shared(row: runs.Run) -> dict[str, object]:
    failed = row.error_code is not None and row.error_detail is not None
    return {
        "id": row.id,
        "state": row.state,
        "pipeline": row.pipeline_id,
        "version": row.version,
        "inputs": row.inputs,
        "seed": row.seed,
        "tasks": row.tasks,
        "error": {"code": row.error_code, "detail": row.error_detail} if failed else None,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
        "result": row.result,
    }
