"""The gallery: publishing runs, listing results, and how each was made."""

import json
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import MISSING

from contract.seeds import output_seed
from lambdas.api.deps import SECURITY, Caller, DatabaseTurn, FullCaller, Services, Tx, identify
from lambdas.api.paging import Narrowed, Paging
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.base import Id, PathId
from lambdas.api.shapes.results import Result, ResultIn, ResultPage
from lambdas.aws import media
from lambdas.domain.errors import NotFound
from lambdas.store import results

router = StrictRouter(tags=["results"])


@router.put(
    "/runs/{id}/result",
    response_model=Result,
    status_code=200,
    responses={201: {"model": Result, "description": "Published"}} | declared(401, 403, 404, 409),
)
def publish_run(run_id: PathId, body: ResultIn, response: Response, caller: FullCaller, tx: Tx) -> dict[str, Any]:
    """Publish a run of one's own, or change how it is shown; everybody may then read the spec that made it."""
    title = None if body.title is MISSING else body.title
    cover = None if body.cover is MISSING else body.cover
    result_id, created = results.publish(tx, run_id=run_id, account_id=caller.id, title=title, cover=cover)
    response.status_code = 201 if created else 200
    return _detail(tx, result_id)


@router.delete("/runs/{id}/result", status_code=204, responses=declared(401, 403, 404))
def withdraw_run(run_id: PathId, caller: Caller, services: Services, tx: Tx) -> None:
    """Take a run out of the gallery; the addresses of its media stop working, in one's own run they are new."""
    results.withdraw(tx, run_id=run_id, account_id=caller.id)
    bucket = services.settings.media_bucket
    for old, new in results.move_media(tx, run_id=run_id):
        media.copy(services.s3, bucket=bucket, old=old, new=new)


@router.get(
    "/results",
    response_model=ResultPage,
    responses=declared(401),
    openapi_extra={"security": [{}, *SECURITY]},
)
def list_results(
    request: Request,
    wanted: Narrowed,
    paging: Paging,
    services: Services,
    _turn: DatabaseTurn,
    pipeline: Annotated[Id | None, Query(description="only results of this pipeline")] = None,
) -> Response:
    """The gallery, best first unless `sort` says otherwise; one's own all, when `author` is oneself."""
    # The call that is made most reads on a bare connection: a transaction as a dependency is two threads more.
    with services.pool.connection() as conn:
        filters = wanted.resolve(conn, caller=identify(request, conn))
        places = results.page(conn, filters, pipeline_id=pipeline, after=paging.place, limit=paging.limit + 1)
        page, cursor = paging.cut(places, position=lambda place: place)
        items = results.cards(conn, [place.id for place in page])
    # PostgreSQL wrote the items: reading them only to write them again would take most of this call's time.
    return Response(f'{{"items":{items},"next":{json.dumps(cursor)}}}', media_type="application/json")


@router.get("/results/{id}", response_model=Result, responses=declared(404))
def get_result(result_id: PathId, tx: Tx) -> dict[str, Any]:
    """A result with every step: prompt, model, params, seed, seconds, outputs."""
    return _detail(tx, result_id)


def _detail(tx: Tx, result_id: Id) -> dict[str, Any]:
    found = json.loads(results.cards(tx, [result_id]))
    if not found:
        raise NotFound("There is no such result; its author may have withdrawn it.")
    return found[0] | {"tasks": [_task(step) for step in results.steps(tx, result_id)]}


def _task(step: results.Step) -> dict[str, Any]:
    return {
        "step": step.step,
        "kind": step.kind,
        "model": step.model,
        "revision": step.revision,
        "prompt": step.prompt,
        "params": step.params,
        "seed": output_seed(step.run_seed, step=step.step, k=0),
        "seconds": step.seconds,
        "hardware": step.hardware,
        "outputs": step.outputs,
    }
