"""The versions of a pipeline."""

from typing import Annotated

from fastapi import Path
from pydantic import MISSING, BeforeValidator

from lambdas.actions.specs import checked
from lambdas.api.deps import Caller, Catalogue, MaybeCaller, Tx
from lambdas.api.paging import Paging, plain_int
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.base import PathId, VersionNumber
from lambdas.api.shapes.pipelines import Version, VersionIn, VersionPage, VersionSummary
from lambdas.store import pipelines, versions

router = StrictRouter(prefix="/pipelines/{id}/versions", tags=["pipelines"])

_AFTER_ALL = 2**31 - 1

Number = Annotated[VersionNumber, BeforeValidator(plain_int), Path()]


@router.post("", status_code=201, responses=declared(401, 403, 404))
def create_version(pipeline_id: PathId, body: VersionIn, caller: Caller, catalogue: Catalogue, tx: Tx) -> Version:
    """Give a pipeline of one's own a new latest version; those before stay as they are."""
    pipelines.lock_own(tx, pipeline_id, account_id=caller.id)
    note = "" if body.note is MISSING else body.note
    number = pipelines.add_version(tx, pipeline_id, spec=checked(body.spec, catalogue), note=note)
    return Version.of(versions.find(tx, pipeline_id, number=number, viewer_id=caller.id))


@router.get("", responses=declared(404))
def list_versions(pipeline_id: PathId, paging: Paging, caller: MaybeCaller, tx: Tx) -> VersionPage:
    """The versions of a pipeline, newest first."""
    pipelines.find(tx, pipeline_id, viewer_id=caller.id if caller else None)
    before = paging.position[0] if paging.position else _AFTER_ALL
    rows = versions.page(tx, pipeline_id, before=before, limit=paging.limit + 1)
    page, cursor = paging.cut(rows, position=lambda version: [version.number])
    return VersionPage(items=[VersionSummary.model_validate(version) for version in page], next=cursor)


@router.get("/{number}", responses=declared(404))
def get_version(pipeline_id: PathId, number: Number, caller: MaybeCaller, tx: Tx) -> Version:
    """One version with its spec; of a private pipeline, those that a published result shows."""
    return Version.of(versions.find(tx, pipeline_id, number=number, viewer_id=caller.id if caller else None))
