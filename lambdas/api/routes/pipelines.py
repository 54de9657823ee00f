"""Pipelines: making, finding, changing and remixing them, and rating others'."""

from typing import Any
from uuid import UUID

from psycopg import Connection
from pydantic import MISSING

from lambdas.actions.specs import checked, stored
from lambdas.api.deps import Caller, Catalogue, FullCaller, MaybeCaller, Tx
from lambdas.api.paging import Narrowed, Paging
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.base import PathId
from lambdas.api.shapes.pipelines import (
    Pipeline,
    PipelineIn,
    PipelinePage,
    PipelinePatch,
    PipelineSummary,
    Rating,
    RatingIn,
    RemixIn,
)
from lambdas.domain.errors import FullAccountNeeded, OwnPipeline
from lambdas.store import pipelines, ratings, versions
from lambdas.store.accounts import Account
from lambdas.store.pipelines import Visibility

router = StrictRouter(prefix="/pipelines", tags=["pipelines"])


@router.post("", status_code=201, responses=declared(401, 403))
def create_pipeline(body: PipelineIn, caller: Caller, catalogue: Catalogue, tx: Tx) -> Pipeline:
    """Make a pipeline; its spec becomes version 1."""
    draft = pipelines.Draft(
        title=body.title,
        description=_or(body.description, ""),
        tags=_or(body.tags, []),
        visibility=_visibility(caller, body.visibility),
        spec=checked(body.spec, catalogue),
    )
    return _created(tx, draft, caller)


@router.get("")
def list_pipelines(wanted: Narrowed, paging: Paging, caller: MaybeCaller, tx: Tx) -> PipelinePage:
    """Public pipelines, best first unless `sort` says otherwise; one's own all, when `author` is oneself."""
    filters = wanted.resolve(tx, caller=caller)
    places = pipelines.page(tx, filters, after=paging.place, limit=paging.limit + 1)
    page, cursor = paging.cut(places, position=lambda place: place)
    rows = pipelines.cards(tx, [place.id for place in page], viewer_id=_id(caller))
    return PipelinePage(items=[PipelineSummary.of(row) for row in rows], next=cursor)


@router.get("/{id}", responses=declared(404))
def get_pipeline(pipeline_id: PathId, caller: MaybeCaller, tx: Tx) -> Pipeline:
    """A pipeline with the spec of its latest version."""
    return Pipeline.of(pipelines.find(tx, pipeline_id, viewer_id=_id(caller)))


@router.patch("/{id}", responses=declared(401, 403, 404))
def update_pipeline(pipeline_id: PathId, body: PipelinePatch, caller: Caller, tx: Tx) -> Pipeline:
    """Change what a pipeline of one's own says of itself."""
    pipelines.lock_own(tx, pipeline_id, account_id=caller.id)
    change = pipelines.Change(
        title=_or(body.title, None),
        description=_or(body.description, None),
        tags=_or(body.tags, None),
        visibility=None if body.visibility is MISSING else _visibility(caller, body.visibility),
    )
    pipelines.update(tx, pipeline_id, change)
    return Pipeline.of(pipelines.find(tx, pipeline_id, viewer_id=caller.id))


@router.delete("/{id}", status_code=204, responses=declared(401, 403, 404))
def delete_pipeline(pipeline_id: PathId, caller: Caller, tx: Tx) -> None:
    """Take a pipeline of one's own out of every list; versions that others used stay readable, without a name."""
    pipelines.lock_own(tx, pipeline_id, account_id=caller.id)
    pipelines.delete(tx, pipeline_id)


@router.post("/{id}/remix", status_code=201, responses=declared(401, 403, 404))
def remix_pipeline(pipeline_id: PathId, body: RemixIn, caller: Caller, catalogue: Catalogue, tx: Tx) -> Pipeline:
    """Start a pipeline of one's own from a version that one may read; its `parent` names that version."""
    number = body.version
    if number is MISSING:
        number = pipelines.find(tx, pipeline_id, viewer_id=caller.id).latest_version
    version = versions.find(tx, pipeline_id, number=number, viewer_id=caller.id)
    draft = pipelines.Draft(
        title=_or(body.title, version.title),
        description=version.description,
        tags=version.tags,
        visibility=_visibility(caller, MISSING),
        spec=checked(stored(version.spec, number=number), catalogue),
        parent=(pipeline_id, number),
    )
    return _created(tx, draft, caller)


@router.put("/{id}/rating", responses=declared(401, 403, 404, 409))
def rate_pipeline(pipeline_id: PathId, body: RatingIn, caller: FullCaller, tx: Tx) -> Rating:
    """Give somebody's pipeline one to five stars, or change them."""
    if pipelines.lock_visible(tx, pipeline_id, viewer_id=caller.id) == caller.id:
        raise OwnPipeline("Nobody rates their own pipeline.")
    return Rating.of(ratings.rate(tx, pipeline_id=pipeline_id, account_id=caller.id, stars=body.stars))


@router.delete("/{id}/rating", status_code=204, responses=declared(401, 403, 404))
def delete_rating(pipeline_id: PathId, caller: Caller, tx: Tx) -> None:
    """Take one's stars back; without any nothing happens."""
    pipelines.lock_visible(tx, pipeline_id, viewer_id=caller.id)
    ratings.withdraw(tx, pipeline_id=pipeline_id, account_id=caller.id)


def _created(tx: Connection[Any], draft: pipelines.Draft, caller: Account) -> Pipeline:
    pipeline_id = pipelines.create(tx, draft, account_id=caller.id)
    return Pipeline.of(pipelines.find(tx, pipeline_id, viewer_id=caller.id))


def _visibility(caller: Account, wanted: Any) -> Visibility:
    if caller.guest and wanted not in (MISSING, "private"):
        raise FullAccountNeeded("Guests' pipelines are private. Sign up to share them.")
    return _or(wanted, "private" if caller.guest else "public")


def _id(account: Account | None) -> UUID | None:
    return account.id if account else None


def _or(value: Any, default: Any) -> Any:
    return default if value is MISSING else value
