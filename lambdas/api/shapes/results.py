"""Results as the API takes and shows them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import MISSING, TypeAdapter

from contract.seeds import output_seed
from lambdas.actions.results import Detail
from lambdas.api.shapes.base import Answer, Author, Body, Id, Page, Title
from lambdas.api.shapes.outputs import Output
from lambdas.api.shapes.pipelines import Parent
from lambdas.store.results import Step

_OUTPUT: TypeAdapter[Output] = TypeAdapter(Output)


class ResultIn(Body):
    """How to show the run; the pipeline's title and the last picture (or text) when absent."""

    title: Title | MISSING = MISSING
    cover: Id | MISSING = MISSING


class ResultRating(Answer):
    """What people think of the pipeline."""

    average: float | None
    count: int
    score: float


class ResultPipeline(Answer):
    """The version that made a result.

    Of a pipeline that the viewer may not see, the title is that of when the result was published (null when it was
    private already), and rating and parent are null.
    """

    id: UUID
    title: str | None
    version: int
    rating: ResultRating | None
    parent: Parent | None


class ResultSummary(Answer):
    """A result in a list; `author` is null when the account was deleted."""

    id: UUID
    title: str
    run: UUID
    author: Author | None
    seed: int
    inputs: dict[str, str]
    pipeline: ResultPipeline
    cover: Output
    excerpt: str
    kinds: list[str]
    models: list[str]
    created_at: datetime


class ResultTask(Answer):
    """One step: what the model was told, with which settings and seed, and what it made of it.

    `hardware` is what that was computed on, null where the worker did not say: other hardware and other versions of
    the code may give other last bits.
    """

    step: str
    kind: str
    model: str
    revision: str
    prompt: str | None
    params: dict[str, Any]
    seed: int
    seconds: float | None
    hardware: str | None
    outputs: list[Output]

    @classmethod
    def of(cls, step: Step) -> "ResultTask":
        """The answer for a step of a result's run."""
        return cls(
            step=step.step,
            kind=step.kind,
            model=step.model,
            revision=step.revision,
            prompt=step.prompt,
            params=step.params,
            seed=output_seed(step.run_seed, step=step.step, k=0),
            seconds=step.seconds,
            hardware=step.hardware,
            outputs=[_OUTPUT.validate_python(output) for output in step.outputs],
        )


class Result(ResultSummary):
    """A result with every step of its run."""

    tasks: list[ResultTask]

    @classmethod
    def of(cls, detail: Detail) -> "Result":
        """The answer for a result and its steps."""
        return cls.model_validate(detail.card | {"tasks": [ResultTask.of(step) for step in detail.steps]})


class ResultPage(Page[ResultSummary]):
    """A page of the gallery."""
