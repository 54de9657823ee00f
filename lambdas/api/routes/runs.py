"""Runs of one's own: starting, watching, cancelling, resuming, deleting them."""

import hashlib
from typing import Annotated

from fastapi import Header, Response

from lambdas.actions import runs
from lambdas.api.deps import Caller, OutsideTurn, Services
from lambdas.api.paging import Paging
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.base import IDEMPOTENCY_KEY_PATTERN, PathId
from lambdas.api.shapes.runs import Run, RunIn, RunPage, RunSummary

router = StrictRouter(prefix="/runs", tags=["runs"])

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1, max_length=200, pattern=IDEMPOTENCY_KEY_PATTERN, description="the same key makes one run in 24 h"
    ),
]


@router.post("", status_code=202, response_model=Run, responses=declared(401, 403, 404, 409, 429))
def start_run(
    body: RunIn, caller: Caller, services: Services, _turn: OutsideTurn, idempotency_key: IdempotencyKey = None
) -> Response:
    """Run a version; sent again with the same Idempotency-Key and body, it gives the run that is there."""
    shown, outbox = runs.start(services, caller, body.wanted(), idempotency_key=idempotency_key)
    outbox.send(services.clients, services.settings)
    # Here and in get_run the answer is written by hand: FastAPI takes as long for it as the rest of these calls.
    return Response(Run.shown(shown).model_dump_json(), status_code=202, media_type="application/json")


@router.get("", responses=declared(401))
def list_runs(caller: Caller, paging: Paging, services: Services) -> RunPage:
    """One's own runs, newest first; the place in line of each is told by its own address."""
    page = runs.page(services, caller, before=paging.before, limit=paging.limit)
    return RunPage(items=[RunSummary.of(row) for row in page.items], next=paging.cursor(page.end))


@router.get(
    "/{id}",
    response_model=Run,
    responses={304: {"description": "Nothing has changed since the answer with this ETag"}} | declared(401, 404),
)
def get_run(
    run_id: PathId,
    caller: Caller,
    services: Services,
    if_none_match: Annotated[str | None, Header(description="the ETag of an earlier answer")] = None,
) -> Response:
    """A run of one's own as it stands now; poll with If-None-Match, which costs nothing while nothing changes."""
    body = Run.shown(runs.read(services, caller, run_id)).model_dump_json().encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match is not None and _matches(tag, if_none_match):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.post("/{id}/cancel", status_code=202, responses=declared(401, 403, 404))
def cancel_run(run_id: PathId, caller: Caller, services: Services, _turn: OutsideTurn) -> Run:
    """Stop a run: its steps that are done keep their outputs. A run that is over stays as it is."""
    shown, outbox = runs.cancel(services, caller, run_id)
    outbox.send(services.clients, services.settings)
    return Run.shown(shown)


@router.post("/{id}/resume", status_code=202, responses=declared(401, 403, 404, 409, 429))
def resume_run(run_id: PathId, caller: Caller, services: Services, _turn: OutsideTurn) -> Run:
    """Let a run that failed or was cancelled go on from where it ended, with what the steps before made."""
    shown, outbox = runs.resume(services, caller, run_id)
    outbox.send(services.clients, services.settings)
    return Run.shown(shown)


@router.delete("/{id}", status_code=204, responses=declared(401, 403, 404, 409))
def delete_run(run_id: PathId, caller: Caller, services: Services, _turn: OutsideTurn) -> None:
    """Delete a run with everything it made; a published one must be withdrawn first."""
    runs.delete(services, caller, run_id).send(services.clients, services.settings)


def _matches(tag: str, wanted: str) -> bool:
    """Whether an If-None-Match names the tag; weakly, as RFC 9110 asks of it."""
    return wanted.strip() == "*" or tag in {candidate.strip().removeprefix("W/") for candidate in wanted.split(",")}
