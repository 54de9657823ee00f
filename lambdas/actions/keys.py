"""API keys of one's own."""

from datetime import UTC, datetime
from uuid import UUID

from contract.faults import Fault, FaultCode
from lambdas.actions import lists
from lambdas.actions.identity import Identity, reader, writer
from lambdas.actions.lists import Page
from lambdas.actions.services import Services
from lambdas.domain.errors import Invalid
from lambdas.store import keys
from lambdas.store.keys import Key


def create(services: Services, identity: Identity, *, name: str, expires_at: datetime | None) -> tuple[Key, str]:
    """A new key, and the secret to be shown this once; raises Invalid for an end that has passed."""
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise Invalid([Fault(("expires_at",), FaultCode.IN_THE_PAST)])
    with services.transaction() as tx:
        return keys.create(tx, account_id=writer(tx, identity).id, name=name, expires_at=expires_at)


def page(services: Services, identity: Identity, *, before: UUID | None, limit: int) -> Page[list[Key]]:
    """One's keys older than `before`, newest first."""
    with services.pool.connection() as conn:
        rows = keys.page(conn, account_id=reader(conn, identity).id, before=before, limit=limit + 1)
    return lists.cut(rows, limit=limit, key=lambda key: [key.id])


def delete(services: Services, identity: Identity, key_id: UUID) -> None:
    """Make a key of one's own useless; raises NotFound."""
    with services.transaction() as tx:
        keys.remove(tx, account_id=writer(tx, identity).id, key_id=key_id)
