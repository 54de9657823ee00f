"""Starting a run: what is asked for, whether it may be, and with which inputs; the rows are the store's."""

import hashlib
import json
from typing import Any
from uuid import UUID

from psycopg import Connection
from pydantic import MISSING

from contract.keys import upload_key
from contract.seeds import random_run_seed
from contract.spec import Fault, ImageInput, Spec, filled_inputs, input_faults
from lambdas.actions.specs import stored
from lambdas.api.shapes.base import parse_id
from lambdas.api.shapes.runs import RunIn
from lambdas.domain.errors import Invalid
from lambdas.store import assets, runs, uploads
from lambdas.store.accounts import Account
from lambdas.store.runs import NewRun


def hash_of(body: RunIn) -> bytes:
    """The same for bodies that ask for the same, however they are written."""
    return hashlib.sha256(json.dumps(body.model_dump(mode="json"), sort_keys=True).encode()).digest()


def plan(tx: Connection[Any], body: RunIn, *, caller: Account) -> NewRun:
    """What the body asks for; raises NotFound, or Invalid naming the version or the inputs that are wrong."""
    version = None if body.version is MISSING else body.version
    found = runs.find_runnable(tx, pipeline_id=body.pipeline, version=version, account_id=caller.id)
    if found.spec is None:
        raise Invalid([Fault(("version",), f"this pipeline has no version {found.version}")])
    spec = stored(found.spec, number=found.version)
    given = {} if body.inputs is MISSING else body.inputs
    faults = input_faults(spec, given)
    if faults:
        raise Invalid(faults)
    return NewRun(
        pipeline_id=found.pipeline_id,
        version=found.version,
        spec=spec,
        inputs=filled_inputs(spec, given),
        input_keys=_picture_keys(tx, spec, given, account_id=caller.id),
        seed=random_run_seed() if body.seed is MISSING else body.seed,
    )


def _picture_keys(tx: Connection[Any], spec: Spec, given: dict[str, str], *, account_id: UUID) -> dict[str, str]:
    """Where the pictures among the inputs stand in the bucket."""
    keys: dict[str, str] = {}
    faults: list[Fault] = []
    for item in spec.inputs:
        if isinstance(item, ImageInput):
            key = _picture_key(tx, given[item.name], account_id=account_id)
            if key is None:
                faults.append(Fault(("inputs", item.name), "is not the id of a picture that you may use"))
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
