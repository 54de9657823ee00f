"""Pipelines, versions and ratings as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import MISSING, AfterValidator, Field, StringConstraints, WithJsonSchema

from contract.spec import Spec
from contract.text import Composed, Storable, fold
from lambdas.api.shapes.base import Answer, Author, Body, Description, Page, Tag, Title, VersionNumber
from lambdas.store import pipelines, ratings, versions
from lambdas.store.pipelines import Visibility

_MAX_TAGS = 10


def _tidy(tags: list[str]) -> list[str]:
    """As they are written, without spaces around; of those that are compared as one the first stays."""
    kept: dict[str, str] = {}
    for tag in tags:
        kept.setdefault(fold(tag), tag.strip())
    return list(kept.values())


Tags = Annotated[list[Tag], Field(max_length=_MAX_TAGS), AfterValidator(_tidy)]
Note = Annotated[str, StringConstraints(max_length=1_000), Storable, Composed]
StoredSpec = Annotated[dict[str, Any], WithJsonSchema({"x-is": "Spec"})]
"""A spec that was checked when it was saved; rules that came later do not make it unreadable.

pydantic knows no reference to a schema of the whole document: openapi.py puts it where `x-is` stands.
"""


class PipelineIn(Body):
    """A pipeline to make; guests' are private, others' public unless they say so."""

    title: Title
    description: Description | MISSING = MISSING
    tags: Tags | MISSING = MISSING
    visibility: Visibility | MISSING = MISSING
    spec: Spec


class PipelinePatch(Body):
    """What to change; a new spec is a new version."""

    title: Title | MISSING = MISSING
    description: Description | MISSING = MISSING
    tags: Tags | MISSING = MISSING
    visibility: Visibility | MISSING = MISSING


class RemixIn(Body):
    """What to start from and what to call it; the latest version and its pipeline's title when absent."""

    version: VersionNumber | MISSING = MISSING
    title: Title | MISSING = MISSING


class VersionIn(Body):
    """The next version."""

    spec: Spec
    note: Note | MISSING = MISSING


class RatingIn(Body):
    """One to five stars."""

    stars: Annotated[int, Field(ge=1, le=5)]


class Rating(Answer):
    """What people think: the plain average (null without ratings), and the score that lists are ranked by."""

    average: float | None
    count: int
    score: float
    mine: int | None

    @classmethod
    def of(cls, row: pipelines.Pipeline | ratings.Rating) -> "Rating":
        """The answer for the sums of a row of the store."""
        average = round(row.rating_sum / row.rating_count, 2) if row.rating_count else None
        return cls(average=average, count=row.rating_count, score=round(row.score, 2), mine=row.my_stars)


class Parent(Answer):
    """The version that a pipeline was started from."""

    pipeline: UUID
    version: int


class PipelineCounts(Answer):
    """How often a pipeline was used."""

    runs: int
    results: int
    remixes: int


class LatestNumber(Answer):
    """The number of a pipeline's latest version."""

    number: int


class LatestVersion(LatestNumber):
    """A pipeline's latest version with its spec."""

    spec: StoredSpec


class PipelineSummary(Answer):
    """A pipeline in a list; `author` is null when the account was deleted."""

    id: UUID
    title: str
    description: str
    tags: list[str]
    visibility: Visibility
    author: Author | None
    kinds: list[str]
    models: list[str]
    version: LatestNumber
    rating: Rating
    counts: PipelineCounts
    parent: Parent | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: pipelines.Pipeline) -> "PipelineSummary":
        """The answer for a row of the store."""
        return cls(version=LatestNumber(number=row.latest_version), **_shared(row))


class Pipeline(PipelineSummary):
    """A pipeline with the spec of its latest version."""

    version: LatestVersion  # pyright: ignore[reportIncompatibleVariableOverride] - frozen, so narrowing is safe

    @classmethod
    def of(cls, row: pipelines.Pipeline) -> "Pipeline":
        """The answer for a row of the store that has its spec."""
        return cls(version=LatestVersion(number=row.latest_version, spec=row.spec or {}), **_shared(row))


def _shared(row: pipelines.Pipeline) -> dict[str, Any]:
    parent = (
        Parent(pipeline=row.parent_id, version=row.parent_version) if row.parent_id and row.parent_version else None
    )
    return {
        "id": row.id,
        "title": row.title,
        "description": row.description,
        "tags": row.tags,
        "visibility": row.visibility,
        "author": Author(handle=row.author) if row.author else None,
        "kinds": row.kinds,
        "models": row.models,
        "rating": Rating.of(row),
        "counts": PipelineCounts(runs=row.run_count, results=row.result_count, remixes=row.remix_count),
        "parent": parent,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


class PipelinePage(Page[PipelineSummary]):
    """A list of pipelines."""


class VersionSummary(Answer):
    """A version in a list."""

    number: int
    note: str
    created_at: datetime


class VersionPage(Page[VersionSummary]):
    """The versions of a pipeline, newest first."""


class Version(VersionSummary):
    """A version with its spec; `author` is null when the pipeline or its account was deleted."""

    pipeline: UUID
    author: Author | None
    spec: StoredSpec

    @classmethod
    def of(cls, row: versions.Version) -> "Version":
        """The answer for a row of the store."""
        return cls(
            pipeline=row.pipeline_id,
            number=row.number,
            spec=row.spec,
            note=row.note,
            author=Author(handle=row.author) if row.author else None,
            created_at=row.created_at,
        )
