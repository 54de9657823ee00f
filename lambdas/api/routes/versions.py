"""The versions of a pipeline."""

from typing import Annotated

from fastapi import Path
from pydantic import BeforeValidator

from lambdas.actions import versions
from lambdas.api.deps import Caller, MaybeCaller, Services
from lambdas.api.paging import Paging, plain_int
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.base import PathId, VersionNumber, given
from lambdas.api.shapes.pipelines import Version, VersionIn, VersionPage, VersionSummary

router = StrictRouter(prefix="/pipelines/{id}/versions", tags=["pipelines"])

Number = Annotated[VersionNumber, BeforeValidator(plain_int), Path()]


@router.post("", status_code=201, responses=declared(401, 403, 404))
def create_version(pipeline_id: PathId, body: VersionIn, caller: Caller, services: Services) -> Version:
    """Give a pipeline of one's own a new latest version; those before stay as they are."""
    return Version.of(versions.add(services, caller, pipeline_id, spec=body.spec, note=given(body.note) or ""))


@router.get("", responses=declared(404))
def list_versions(pipeline_id: PathId, paging: Paging, caller: MaybeCaller, services: Services) -> VersionPage:
    """The versions of a pipeline, newest first."""
    before = paging.position[0] if paging.position else None
    page = versions.page(services, caller, pipeline_id, before=before, limit=paging.limit)
    return VersionPage(items=[VersionSummary.model_validate(v) for v in page.items], next=paging.cursor(page.end))


@router.get("/{number}", responses=declared(404))
def get_version(pipeline_id: PathId, number: Number, caller: MaybeCaller, services: Services) -> Version:
    """One version with its spec; of a private pipeline, those that a published result shows."""
    return Version.of(versions.read(services, caller, pipeline_id, number=number))
