"""API keys of one's own."""

from datetime import UTC, datetime
from uuid import UUID

from pydantic import MISSING

from contract.spec import Fault
from lambdas.api.deps import Caller, Tx
from lambdas.api.paging import Paging
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.accounts import Key, KeyCreated, KeyIn, KeyPage
from lambdas.api.shapes.base import PathId
from lambdas.domain.errors import Invalid
from lambdas.store import keys
from lambdas.store.lists import START

router = StrictRouter(prefix="/keys", tags=["keys"])


@router.post("", status_code=201, responses=declared(401, 403))
def create_key(body: KeyIn, caller: Caller, tx: Tx) -> KeyCreated:
    """Make a key; it is shown this once, and used as `Authorization: Bearer`."""
    expires_at = None if body.expires_at is MISSING else body.expires_at
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise Invalid([Fault(("expires_at",), "must lie in the future")])
    key, secret = keys.create(tx, account_id=caller.id, name=body.name, expires_at=expires_at)
    return KeyCreated(id=key.id, name=key.name, key=secret, prefix=key.prefix, expires_at=key.expires_at)


@router.get("", responses=declared(401))
def list_keys(caller: Caller, paging: Paging, tx: Tx) -> KeyPage:
    """One's keys, newest first."""
    before = UUID(paging.position[0]) if paging.position else START.id
    rows = keys.page(tx, account_id=caller.id, before=before, limit=paging.limit + 1)
    page, cursor = paging.cut(rows, position=lambda key: [key.id])
    return KeyPage(items=[Key.model_validate(key) for key in page], next=cursor)


@router.delete("/{id}", status_code=204, responses=declared(401, 403, 404))
def delete_key(key_id: PathId, caller: Caller, tx: Tx) -> None:
    """Make a key useless."""
    keys.remove(tx, account_id=caller.id, key_id=key_id)
