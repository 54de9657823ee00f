"""Lineages and differences as the API shows them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from lambdas.actions import lineage as actions
from lambdas.actions.results import Detail
from lambdas.api.shapes.base import Answer, Author
from lambdas.api.shapes.outputs import Output
from lambdas.api.shapes.pipelines import Parent, PipelineCounts
from lambdas.api.shapes.results import ResultRating
from lambdas.domain.diff import ParamDiff, StepChange, StepDiff

Word = tuple[Literal["=", "-", "+"], str]


class Relative(Answer):
    """A pipeline of a lineage; `version` is its latest, `cover` that of its best result."""

    pipeline: UUID
    version: int
    parent: Parent | None
    title: str
    author: Author | None
    rating: ResultRating
    counts: PipelineCounts
    cover: Output | None
    created_at: datetime


class Lineage(Answer):
    """Ancestors, the pipeline itself, descendants and siblings that the viewer may see, nearest first."""

    items: list[Relative]
    more: bool


class Change(Answer):
    """A value that differs; null stands for one that is not there. `words` are those of two texts, else empty."""

    name: str
    before: Any = Field(alias="from")
    after: Any = Field(alias="to")
    words: list[Word]

    @classmethod
    def of(cls, found: ParamDiff) -> "Change":
        """The answer for a value of the domain."""
        return cls.model_validate({"name": found.name, "from": found.before, "to": found.after, "words": found.words})


class StepChanges(Answer):
    """A step of either spec with the params that differ, kind and model among them."""

    name: str
    change: StepChange
    params: list[Change]

    @classmethod
    def of(cls, found: StepDiff) -> "StepChanges":
        """The answer for a step of the domain."""
        return cls(name=found.name, change=found.change, params=[Change.of(param) for param in found.params])


class VersionDiff(Answer):
    """What changes from one version to another."""

    before: Parent = Field(alias="from")
    after: Parent = Field(alias="to")
    inputs: list[Change]
    steps: list[StepChanges]

    @classmethod
    def of(cls, found: actions.VersionDiff) -> "VersionDiff":
        """The answer for a difference."""
        return cls.model_validate(
            {
                "from": Parent.model_validate(found.before),
                "to": Parent.model_validate(found.after),
                "inputs": [Change.of(each) for each in found.spec.inputs],
                "steps": [StepChanges.of(step) for step in found.spec.steps],
            }
        )


class ComparedResult(Answer):
    """One of two results; `rating` is null where the viewer may not see the pipeline."""

    id: UUID
    title: str
    author: Author | None
    pipeline: UUID
    version: int
    seed: int
    cover: Output
    rating: ResultRating | None

    @classmethod
    def of(cls, detail: Detail) -> "ComparedResult":
        """The answer for a result."""
        pipeline = detail.card["pipeline"]
        return cls.model_validate(
            {
                **{name: detail.card[name] for name in ("id", "title", "author", "seed", "cover")},
                "pipeline": pipeline["id"],
                "version": pipeline["version"],
                "rating": pipeline["rating"],
            }
        )


class ResultDiff(Answer):
    """What changes from one result to another: inputs as they were given, specs, and the prompts that came out."""

    before: ComparedResult = Field(alias="from")
    after: ComparedResult = Field(alias="to")
    inputs: list[Change]
    steps: list[StepChanges]
    prompts: list[Change]

    @classmethod
    def of(cls, found: actions.ResultDiff) -> "ResultDiff":
        """The answer for a difference."""
        return cls.model_validate(
            {
                "from": ComparedResult.of(found.before),
                "to": ComparedResult.of(found.after),
                "inputs": [Change.of(each) for each in found.inputs],
                "steps": [StepChanges.of(step) for step in found.spec.steps],
                "prompts": [Change.of(each) for each in found.prompts],
            }
        )
