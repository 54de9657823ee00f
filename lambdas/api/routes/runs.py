"""Runs of one's own: starting, watching, cancelling, resuming, deleting them."""

import hashlib
from collections.abc import Collection
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Request, Response
from psycopg import Connection

from lambdas.api.deps import (
    SECURITY,
    AfterCommit,
    Caller,
    DatabaseTurn,
    Sends,
    Services,
    Site,
    Tx,
    identify,
    signed_in,
    transaction,
)
from lambdas.api.paging import Paging
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.services import Services as AllServices
from lambdas.api.shapes.base import PathId
from lambdas.api.shapes.runs import Run, RunIn, RunPage, RunSummary
from lambdas.api.start import hash_of, plan
from lambdas.aws import media, queues
from lambdas.store import guests, idempotency, place, runs
from lambdas.store.accounts import Account
from lambdas.store.dispatch import QUEUES, dispatch

router = StrictRouter(prefix="/runs", tags=["runs"])

IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", description="the same key makes one run in 24 h"),
]


@router.post(
    "",
    status_code=202,
    response_model=Run,
    responses=declared(401, 403, 404, 409, 429),
    openapi_extra={"security": list(SECURITY)},
)
def start_run(
    request: Request,
    body: RunIn,
    site: Site,
    services: Services,
    _turn: DatabaseTurn,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Run a version; sent again with the same Idempotency-Key and body, it gives the run that is there."""
    # Here and in get_run a transaction and an answer by hand: FastAPI's take as long as the rest of these calls.
    sends = AfterCommit()
    with transaction(services) as tx:
        caller = signed_in(identify(request, tx))
        run_id, new = _claim(tx, idempotency_key, body, caller=caller)
        if new or run_id is None:
            run_id = _start(
                tx, body, caller=caller, network=site.network, services=services, sends=sends, run_id=run_id
            )
        run = _shown(tx, run_id, account_id=caller.id, services=services)
    sends.deliver()
    return Response(run.model_dump_json(), status_code=202, media_type="application/json")


@router.get("", responses=declared(401))
def list_runs(caller: Caller, paging: Paging, tx: Tx) -> RunPage:
    """One's own runs, newest first; the place in line of each is told by its own address."""
    before = UUID(paging.position[0]) if paging.position else None
    rows = runs.page(tx, account_id=caller.id, before=before, limit=paging.limit + 1)
    page, cursor = paging.cut(rows, position=lambda row: [row.id])
    return RunPage(items=[RunSummary.of(row) for row in page], next=cursor)


@router.get(
    "/{id}",
    response_model=Run,
    responses={304: {"description": "Nothing has changed since the answer with this ETag"}} | declared(401, 404),
    openapi_extra={"security": list(SECURITY)},
)
def get_run(
    request: Request,
    run_id: PathId,
    services: Services,
    _turn: DatabaseTurn,
    if_none_match: Annotated[str | None, Header(description="the ETag of an earlier answer")] = None,
) -> Response:
    """A run of one's own as it stands now; poll with If-None-Match, which costs nothing while nothing changes."""
    with transaction(services) as tx:
        caller = signed_in(identify(request, tx))
        body = _shown(tx, run_id, account_id=caller.id, services=services).model_dump_json().encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match is not None and _matches(tag, if_none_match):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.post("/{id}/cancel", status_code=202, responses=declared(401, 403, 404))
def cancel_run(run_id: PathId, caller: Caller, services: Services, sends: Sends, tx: Tx) -> Run:
    """Stop a run: its steps that are done keep their outputs. A run that is over stays as it is."""
    cancelled = runs.cancel(tx, run_id, account_id=caller.id)
    _dispatch(tx, services, sends)
    _leave(services, sends, cancelled)
    return _shown(tx, run_id, account_id=caller.id, services=services)


@router.post("/{id}/resume", status_code=202, responses=declared(401, 403, 404, 409, 429))
def resume_run(run_id: PathId, caller: Caller, site: Site, services: Services, sends: Sends, tx: Tx) -> Run:
    """Let a run that failed go on from the step that failed, with what the steps before it made."""
    reopened = runs.resume(tx, run_id, account_id=caller.id)
    if caller.guest:
        limit = services.settings.guest_tasks_per_network_day
        guests.take_tasks(tx, network=site.network, count=reopened, limit=limit)
    _dispatch(tx, services, sends)
    return _shown(tx, run_id, account_id=caller.id, services=services)


@router.delete("/{id}", status_code=204, responses=declared(401, 403, 404, 409))
def delete_run(run_id: PathId, caller: Caller, services: Services, sends: Sends, tx: Tx) -> None:
    """Delete a run with everything it made; a published one must be withdrawn first."""
    cancelled = runs.delete(tx, run_id, account_id=caller.id)
    _dispatch(tx, services, sends)
    _leave(services, sends, cancelled)


def _claim(tx: Connection[Any], key: str | None, body: RunIn, *, caller: Account) -> tuple[UUID | None, bool]:
    """The id that a run under this key has or is to get, and whether it is still to be made."""
    if key is None:
        return None, True
    return idempotency.claim(tx, account_id=caller.id, key=key, body_hash=hash_of(body))


def _start(
    tx: Connection[Any], body: RunIn, *, caller: Account, network: str, services: AllServices, sends: AfterCommit,
    run_id: UUID | None,
) -> UUID:  # fmt: skip
    wanted = plan(tx, body, caller=caller)
    if caller.guest:
        limit = services.settings.guest_tasks_per_network_day
        guests.take_tasks(tx, network=network, count=len(wanted.spec.steps), limit=limit)
    created, ready = runs.create(
        tx, wanted, account_id=caller.id, guest=caller.guest, catalogue=services.catalogue, run_id=run_id
    )
    _dispatch(tx, services, sends, queue_names=ready)
    return created


def _shown(tx: Connection[Any], run_id: UUID, *, account_id: UUID, services: AllServices) -> Run:
    run = runs.find(tx, run_id, account_id=account_id)
    return Run.of(run, place.find(tx, task_id=run.queued, pace=services.pace) if run.queued else None)


def _dispatch(
    tx: Connection[Any], services: AllServices, sends: AfterCommit, *, queue_names: Collection[str] = QUEUES
) -> None:
    """Fill the windows; the last that a transaction writes."""
    messages = dispatch(tx, pace=services.pace, queues=queue_names)
    if messages:
        sends.add(lambda: queues.send_tasks(services.sqs, messages, urls=services.queue_urls))


def _leave(services: AllServices, sends: AfterCommit, task_ids: list[UUID]) -> None:
    if task_ids:
        sends.add(lambda: media.mark_cancelled(services.s3, task_ids, bucket=services.settings.media_bucket))


def _matches(tag: str, wanted: str) -> bool:
    """Whether an If-None-Match names the tag; weakly, as RFC 9110 asks of it."""
    return wanted.strip() == "*" or tag in {candidate.strip().removeprefix("W/") for candidate in wanted.split(",")}
