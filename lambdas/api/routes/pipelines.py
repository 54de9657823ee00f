"""Pipelines: making, finding, changing and remixing them, and rating others'."""

from lambdas.actions import pipelines, ratings
from lambdas.actions.pipelines import Change
from lambdas.api.deps import Caller, MaybeCaller, Services
from lambdas.api.paging import Narrowed, Paging
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.base import PathId, given
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

router = StrictRouter(prefix="/pipelines", tags=["pipelines"])


@router.post("", status_code=201, responses=declared(401, 403))
def create_pipeline(body: PipelineIn, caller: Caller, services: Services) -> Pipeline:
    """Make a pipeline; its spec becomes version 1."""
    made = pipelines.create(
        services,
        caller,
        title=body.title,
        spec=body.spec,
        description=given(body.description) or "",
        tags=given(body.tags) or (),
        visibility=given(body.visibility),
    )
    return Pipeline.of(made)


@router.get("")
def list_pipelines(wanted: Narrowed, paging: Paging, caller: MaybeCaller, services: Services) -> PipelinePage:
    """Public pipelines, best first unless `sort` says otherwise; one's own all, when `author` is oneself."""
    page = pipelines.page(services, caller, wanted, after=paging.after, limit=paging.limit)
    return PipelinePage(items=[PipelineSummary.of(row) for row in page.items], next=paging.cursor(page.end))


@router.get("/{id}", responses=declared(404))
def get_pipeline(pipeline_id: PathId, caller: MaybeCaller, services: Services) -> Pipeline:
    """A pipeline with the spec of its latest version."""
    return Pipeline.of(pipelines.read(services, caller, pipeline_id))


@router.patch("/{id}", responses=declared(401, 403, 404))
def update_pipeline(pipeline_id: PathId, body: PipelinePatch, caller: Caller, services: Services) -> Pipeline:
    """Change what a pipeline of one's own says of itself."""
    change = Change(
        title=given(body.title),
        description=given(body.description),
        tags=given(body.tags),
        visibility=given(body.visibility),
    )
    return Pipeline.of(pipelines.change(services, caller, pipeline_id, change))


@router.delete("/{id}", status_code=204, responses=declared(401, 403, 404))
def delete_pipeline(pipeline_id: PathId, caller: Caller, services: Services) -> None:
    """Take a pipeline of one's own out of every list; versions that others used stay readable, without a name."""
    pipelines.delete(services, caller, pipeline_id)


@router.post("/{id}/remix", status_code=201, responses=declared(401, 403, 404))
def remix_pipeline(pipeline_id: PathId, body: RemixIn, caller: Caller, services: Services) -> Pipeline:
    """Start a pipeline of one's own from a version that one may read; its `parent` names that version."""
    version, title = given(body.version), given(body.title)
    return Pipeline.of(pipelines.remix(services, caller, pipeline_id, version=version, title=title))


@router.put("/{id}/rating", responses=declared(401, 403, 404, 409))
def rate_pipeline(pipeline_id: PathId, body: RatingIn, caller: Caller, services: Services) -> Rating:
    """Give somebody's pipeline one to five stars, or change them."""
    return Rating.of(ratings.rate(services, caller, pipeline_id, stars=body.stars))


@router.delete("/{id}/rating", status_code=204, responses=declared(401, 403, 404))
def delete_rating(pipeline_id: PathId, caller: Caller, services: Services) -> None:
    """Take one's stars back; without any nothing happens."""
    ratings.withdraw(services, caller, pipeline_id)
