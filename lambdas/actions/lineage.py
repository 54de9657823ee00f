"""Where things come from, and what differs between two of them."""

from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from lambdas.actions import results
from lambdas.actions.identity import Identity, viewer
from lambdas.actions.results import Detail
from lambdas.actions.services import Services
from lambdas.domain import diff
from lambdas.domain.diff import ParamDiff, SpecDiff
from lambdas.domain.errors import NotFound
from lambdas.store import lineage, pipelines, versions

FAMILY = 200
"""As many relatives are shown."""


class Address(NamedTuple):
    """A version of a pipeline."""

    pipeline: UUID
    version: int


class Family(NamedTuple):
    """The relatives of a pipeline, and whether there are more."""

    items: list[dict[str, Any]]
    more: bool


class VersionDiff(NamedTuple):
    """What differs between two versions."""

    before: Address
    after: Address
    spec: SpecDiff


class ResultDiff(NamedTuple):
    """What differs between two results: in what they were given, in their specs, and in the prompts that came out."""

    before: Detail
    after: Detail
    inputs: list[ParamDiff]
    spec: SpecDiff
    prompts: list[ParamDiff]


def family(services: Services, identity: Identity | None, pipeline_id: UUID) -> Family:
    """Ancestors, the pipeline itself, descendants and siblings that the viewer may see; raises NotFound."""
    with services.pool.connection() as conn:
        found = lineage.family(conn, pipeline_id, viewer_id=_viewer_id(conn, identity), limit=FAMILY + 1)
    return Family(found[:FAMILY], more=len(found) > FAMILY)


def version_diff(
    services: Services, identity: Identity | None, pipeline_id: UUID, *, number: int, to: Address | None
) -> VersionDiff:
    """What changes from a version to another; by default to the one before, of version 1 to the parent's.

    Raises NotFound where either may not be read, or where there is none to compare with.
    """
    with services.transaction() as tx:
        viewer_id = _viewer_id(tx, identity)
        before = versions.find(tx, pipeline_id, number=number, viewer_id=viewer_id)
        other = to or _former(tx, Address(pipeline_id, number), viewer_id=viewer_id)
        after = versions.find(tx, other.pipeline, number=other.version, viewer_id=viewer_id)
    return VersionDiff(Address(pipeline_id, number), other, diff.specs(before.spec, after.spec))


def result_diff(services: Services, identity: Identity | None, result_id: UUID, *, to: UUID | None) -> ResultDiff:
    """What changes from a result to another, by default to the best of the parent; raises NotFound."""
    with services.transaction() as tx:
        viewer_id = _viewer_id(tx, identity)
        before = results.detail(tx, result_id, viewer_id=viewer_id)
        other = to or lineage.parent_result(tx, result_id, viewer_id=viewer_id)
        if other is None:
            raise NotFound("This result has no parent to be compared with: name another result with to=….")
        after = results.detail(tx, other, viewer_id=viewer_id)
        old, new = (_spec_of(tx, each, viewer_id=viewer_id) for each in (before, after))
    prompts = [{step.step: step.prompt for step in each.steps if step.prompt is not None} for each in (before, after)]
    inputs = diff.values(before.card["inputs"], after.card["inputs"])
    return ResultDiff(before, after, inputs, diff.specs(old, new), diff.values(*prompts))


def _former(tx: Connection[Any], of: Address, *, viewer_id: UUID | None) -> Address:
    if of.version > 1:
        return Address(of.pipeline, of.version - 1)
    found = pipelines.find(tx, of.pipeline, viewer_id=viewer_id)
    if found.parent_id is None or found.parent_version is None:
        raise NotFound("This version has none to be compared with: name another one with to=PIPELINE:NUMBER.")
    return Address(found.parent_id, found.parent_version)


def _spec_of(tx: Connection[Any], result: Detail, *, viewer_id: UUID | None) -> dict[str, Any]:
    pipeline = result.card["pipeline"]
    return versions.find(tx, UUID(pipeline["id"]), number=pipeline["version"], viewer_id=viewer_id).spec


def _viewer_id(conn: Connection[Any], identity: Identity | None) -> UUID | None:
    account = viewer(conn, identity)
    return account.id if account else None
