"""API keys of one's own."""

from lambdas.actions import keys
from lambdas.api.deps import Caller, Services
from lambdas.api.paging import Paging
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.accounts import Key, KeyCreated, KeyIn, KeyPage
from lambdas.api.shapes.base import PathId, given

router = StrictRouter(prefix="/keys", tags=["keys"])


@router.post("", status_code=201, responses=declared(401, 403))
def create_key(body: KeyIn, caller: Caller, services: Services) -> KeyCreated:
    """Make a key; it is shown this once, and used as `Authorization: Bearer`."""
    key, secret = keys.create(services, caller, name=body.name, expires_at=given(body.expires_at))
    return KeyCreated(id=key.id, name=key.name, key=secret, prefix=key.prefix, expires_at=key.expires_at)


@router.get("", responses=declared(401))
def list_keys(caller: Caller, paging: Paging, services: Services) -> KeyPage:
    """One's keys, newest first."""
    page = keys.page(services, caller, before=paging.before, limit=paging.limit)
    return KeyPage(items=[Key.model_validate(key) for key in page.items], next=paging.cursor(page.end))


@router.delete("/{id}", status_code=204, responses=declared(401, 403, 404))
def delete_key(key_id: PathId, caller: Caller, services: Services) -> None:
    """Make a key useless."""
    keys.delete(services, caller, key_id)
