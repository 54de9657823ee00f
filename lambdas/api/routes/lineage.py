"""Where things come from, and what differs between two of them."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from pydantic import BeforeValidator

from lambdas.actions import lineage
from lambdas.actions.lineage import Address
from lambdas.api.deps import MaybeCaller, Services
from lambdas.api.paging import plain_int
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.base import VERSION_ADDRESS_PATTERN, Id, PathId, VersionNumber
from lambdas.api.shapes.lineage import Lineage, ResultDiff, VersionDiff

router = StrictRouter(tags=["pipelines"])

Number = Annotated[VersionNumber, BeforeValidator(plain_int), Path()]
To = Annotated[str | None, Query(pattern=VERSION_ADDRESS_PATTERN, description="another version, as PIPELINE:NUMBER")]


@router.get("/pipelines/{id}/lineage", responses=declared(404))
def get_lineage(pipeline_id: PathId, caller: MaybeCaller, services: Services) -> Lineage:
    """Where a pipeline comes from and what others made of it."""
    return Lineage.model_validate(lineage.family(services, caller, pipeline_id))


@router.get("/pipelines/{id}/versions/{number}/diff", responses=declared(404))
def diff_versions(
    pipeline_id: PathId, number: Number, caller: MaybeCaller, services: Services, to: To = None
) -> VersionDiff:
    """What changes from this version to another: by default to the one before, of version 1 to the parent's."""
    other = _address(to) if to else None
    return VersionDiff.of(lineage.version_diff(services, caller, pipeline_id, number=number, to=other))


@router.get("/results/{id}/diff", responses=declared(404))
def diff_results(
    result_id: PathId,
    caller: MaybeCaller,
    services: Services,
    to: Annotated[Id | None, Query(description="another result; the best of the parent when absent")] = None,
) -> ResultDiff:
    """What changes from this result to another."""
    return ResultDiff.of(lineage.result_diff(services, caller, result_id, to=to))


def _address(written: str) -> Address:
    pipeline, _, number = written.partition(":")
    return Address(UUID(pipeline), int(number))
