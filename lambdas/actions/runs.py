"""Runs of one's own: starting, watching, cancelling, resuming and deleting them."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from contract.faults import Fault, FaultCode
from contract.keys import upload_key
from contract.seeds import random_run_seed
from contract.spec import ImageInput, Spec, filled_inputs, input_faults
from lambdas.actions import lists, specs
from lambdas.actions.identity import Identity, reader, writer
from lambdas.actions.lists import Page
from lambdas.actions.outbox import Outbox
from lambdas.actions.services import Services
from lambdas.domain.errors import Invalid
from lambdas.domain.ids import parse_id
from lambdas.domain.queue_position import QueuePosition
from lambdas.store import assets, guests, idempotency, queue_position, runs, uploads
from lambdas.store.accounts import Account
from lambdas.store.dispatch import QUEUES, Outgoing, dispatch
from lambdas.store.runs import NewRun, Run


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to run: the latest version and a random seed when None; a picture is the id of an upload or output."""

    pipeline_id: UUID
    version: int | None = None
    inputs: Mapping[str, str] | None = None
    seed: int | None = None

    def hash(self) -> bytes:
        """The same for what is the same, however it was written."""
        given = {
            "pipeline": str(self.pipeline_id),
            "version": self.version,
            "inputs": self.inputs,
            "seed": self.seed,
        }
        stated = {name: value for name, value in given.items() if value is not None}
        return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).digest()


class Shown(NamedTuple):
    """A run as it stands, and where its next task stands in line."""

    run: Run
    position: QueuePosition | None


def start(
    services: Services, identity: Identity, wanted: Wanted, *, idempotency_key: str | None = None
) -> tuple[Shown, Outbox]:
    """A new run, or the one that is there already under this key.

    Raises NotFound, Invalid, ModelGone, LimitReached, or IdempotencyConflict for a key with another wish.
    """
    outbox = Outbox()
    with services.transaction() as tx:
        account = writer(tx, identity)
        run_id, is_new = _claim(tx, idempotency_key, wanted, account_id=account.id)
        if is_new or run_id is None:
            run_id, outbox = _create(tx, wanted, account, services=services, network=identity.network, run_id=run_id)
        return _shown(tx, run_id, account_id=account.id, services=services), outbox


def page(services: Services, identity: Identity, *, before: UUID | None, limit: int) -> Page[list[Run]]:
    """One's own runs from below the run `before`, newest first."""
    with services.pool.connection() as conn:
        rows = runs.page(conn, account_id=reader(conn, identity).id, before=before, limit=limit + 1)
    return lists.cut(rows, limit=limit, key=lambda run: [run.id])


def read(services: Services, identity: Identity, run_id: UUID) -> Shown:
    """A run of one's own; raises NotFound."""
    with services.transaction() as tx:
        return _shown(tx, run_id, account_id=reader(tx, identity).id, services=services)


def cancel(services: Services, identity: Identity, run_id: UUID) -> tuple[Shown, Outbox]:
    """Stop a run: its steps that are done keep their outputs, and one that is over stays as it is. Raises NotFound."""
    with services.transaction() as tx:
        account = writer(tx, identity)
        cancelled = runs.cancel(tx, run_id, account_id=account.id)
        outbox = Outbox(_dispatch(tx, services), cancelled)
        return _shown(tx, run_id, account_id=account.id, services=services), outbox


def resume(services: Services, identity: Identity, run_id: UUID) -> tuple[Shown, Outbox]:
    """Let a failed or cancelled run go on from where it ended; raises NotFound, RunNotFailed or LimitReached."""
    with services.transaction() as tx:
        account = writer(tx, identity)
        reopened = runs.resume(tx, run_id, account_id=account.id)
        _count_tasks(tx, account, reopened, services=services, network=identity.network)
        outbox = Outbox(_dispatch(tx, services))
        return _shown(tx, run_id, account_id=account.id, services=services), outbox


def delete(services: Services, identity: Identity, run_id: UUID) -> Outbox:
    """Delete a run with everything it made; raises NotFound, or RunPublished."""
    with services.transaction() as tx:
        cancelled = runs.delete(tx, run_id, account_id=writer(tx, identity).id)
        return Outbox(_dispatch(tx, services), cancelled)


def _claim(tx: Connection[Any], key: str | None, wanted: Wanted, *, account_id: UUID) -> tuple[UUID | None, bool]:
    """The id that a run under this key has or is to get, and whether it is still to be made."""
    if key is None:
        return None, True
    return idempotency.claim(tx, account_id=account_id, key=key, body_hash=wanted.hash())


def _create(
    tx: Connection[Any], wanted: Wanted, account: Account, *, services: Services, network: str, run_id: UUID | None
) -> tuple[UUID, Outbox]:
    planned = _plan(tx, wanted, account_id=account.id)
    _count_tasks(tx, account, len(planned.spec.steps), services=services, network=network)
    created, ready = runs.create(
        tx, planned, account_id=account.id, guest=account.guest, catalogue=services.catalogue, run_id=run_id
    )
    return created, Outbox(_dispatch(tx, services, queues=ready))


def _shown(tx: Connection[Any], run_id: UUID, *, account_id: UUID, services: Services) -> Shown:
    run = runs.find(tx, run_id, account_id=account_id)
    if run.queued is None:
        return Shown(run, None)
    return Shown(run, queue_position.find(tx, task_id=run.queued, pace=services.settings.pace))


def _dispatch(tx: Connection[Any], services: Services, *, queues: Collection[str] = QUEUES) -> list[Outgoing]:
    """Fill the windows; the last that a transaction writes."""
    return dispatch(tx, pace=services.settings.pace, queues=queues)


def _count_tasks(tx: Connection[Any], account: Account, count: int, *, services: Services, network: str) -> None:
    if account.guest:
        limit = services.settings.guest_tasks_per_network_day
        guests.take_tasks(tx, network=network, count=count, limit=limit)


def _plan(tx: Connection[Any], wanted: Wanted, *, account_id: UUID) -> NewRun:
    """What the wish comes to; raises NotFound, or Invalid naming the version or the inputs that are wrong."""
    found = runs.find_runnable(tx, pipeline_id=wanted.pipeline_id, version=wanted.version, account_id=account_id)
    if found.spec is None:
        raise Invalid([Fault(("version",), FaultCode.UNKNOWN_VERSION)])
    spec = specs.stored(found.spec)
    given = dict(wanted.inputs or {})
    faults = input_faults(spec, given)
    if faults:
        raise Invalid(faults)
    return NewRun(
        pipeline_id=found.pipeline_id,
        version=found.version,
        spec=spec,
        inputs=filled_inputs(spec, given),
        input_keys=_picture_keys(tx, spec, given, account_id=account_id),
        seed=random_run_seed() if wanted.seed is None else wanted.seed,
    )


def _picture_keys(tx: Connection[Any], spec: Spec, given: dict[str, str], *, account_id: UUID) -> dict[str, str]:
    """Where the pictures among the inputs stand in the bucket."""
    keys: dict[str, str] = {}
    faults: list[Fault] = []
    for item in spec.inputs:
        if isinstance(item, ImageInput):
            key = _picture_key(tx, given[item.name], account_id=account_id)
            if key is None:
                faults.append(Fault(("inputs", item.name), FaultCode.UNKNOWN_PICTURE))
            else:
                keys[item.name] = key
    if faults:
        raise Invalid(faults)
    return keys


def _picture_key(tx: Connection[Any], value: str, *, account_id: UUID) -> str | None:
    picture_id = parse_id(value)
    if picture_id is None:
        return None
    if uploads.find(tx, picture_id, account_id=account_id):
        return upload_key(picture_id)
    return assets.picture_key(tx, asset_id=picture_id, account_id=account_id)
