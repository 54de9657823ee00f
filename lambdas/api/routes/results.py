"""The gallery: publishing runs, listing results, and how each was made."""

import json
from dataclasses import replace
from typing import Annotated

from fastapi import Query, Response
from pydantic import BeforeValidator

from contract.limits import MAX_SEED
from lambdas.actions import results
from lambdas.api.deps import Caller, MaybeCaller, OutsideTurn, Services
from lambdas.api.paging import Narrowed, Paging, plain_seed
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.base import Id, PathId, given
from lambdas.api.shapes.results import Result, ResultIn, ResultPage

router = StrictRouter(tags=["results"])


@router.put(
    "/runs/{id}/result",
    status_code=200,
    responses={201: {"model": Result, "description": "Published"}} | declared(401, 403, 404, 409),
)
def publish_run(run_id: PathId, body: ResultIn, response: Response, caller: Caller, services: Services) -> Result:
    """Publish a run of one's own, or change how it is shown; everybody may then read the spec that made it."""
    title, cover = given(body.title), given(body.cover)
    detail, created = results.publish(services, caller, run_id, title=title, cover=cover)
    response.status_code = 201 if created else 200
    return Result.of(detail)


@router.delete("/runs/{id}/result", status_code=204, responses=declared(401, 403, 404, 409))
def withdraw_run(run_id: PathId, caller: Caller, services: Services, _turn: OutsideTurn) -> None:
    """Take a run out of the gallery; the addresses of its media stop working, in one's own run they are new."""
    results.withdraw(services, caller, run_id)


@router.get("/results", response_model=ResultPage)
def list_results(
    wanted: Narrowed,
    paging: Paging,
    caller: MaybeCaller,
    services: Services,
    pipeline: Annotated[Id | None, Query(description="only results of this pipeline")] = None,
    seed: Annotated[int | None, BeforeValidator(plain_seed), Query(ge=0, le=MAX_SEED)] = None,
) -> Response:
    """The gallery, best first unless `sort` says otherwise; one's own all, when `author` is oneself."""
    wanted = replace(wanted, filters=replace(wanted.filters, seed=seed))
    page = results.page(services, caller, wanted, pipeline_id=pipeline, after=paging.after, limit=paging.limit)
    # PostgreSQL wrote the items: reading them only to write them again would take most of this call's time.
    body = f'{{"items":{page.items},"next":{json.dumps(paging.cursor(page.end))}}}'
    return Response(body, media_type="application/json")


@router.get("/results/{id}", responses=declared(404))
def get_result(result_id: PathId, caller: MaybeCaller, services: Services) -> Result:
    """A result with every step: prompt, model, params, seed, seconds, outputs."""
    return Result.of(results.read(services, caller, result_id))
