"""The versions of a pipeline."""

from typing import Any
from uuid import UUID

from psycopg import Connection

from contract.spec import Spec
from lambdas.actions import lists, specs
from lambdas.actions.identity import Identity, viewer, writer
from lambdas.actions.lists import Page
from lambdas.actions.services import Services
from lambdas.store import pipelines, versions
from lambdas.store.versions import Version, VersionLine


def add(services: Services, identity: Identity, pipeline_id: UUID, *, spec: Spec, note: str) -> Version:
    """A new latest version of a pipeline of one's own; raises NotFound, Forbidden or Invalid."""
    with services.transaction() as tx:
        account = writer(tx, identity)
        pipelines.lock_own(tx, pipeline_id, account_id=account.id)
        number = pipelines.add_version(tx, pipeline_id, spec=specs.checked(spec, services.catalogue), note=note)
        return versions.find(tx, pipeline_id, number=number, viewer_id=account.id)


def page(
    services: Services, identity: Identity | None, pipeline_id: UUID, *, before: int | None, limit: int
) -> Page[list[VersionLine]]:
    """The versions below a number, newest first; raises NotFound."""
    with services.pool.connection() as conn:
        pipelines.find(conn, pipeline_id, viewer_id=_viewer_id(conn, identity))
        rows = versions.page(conn, pipeline_id, before=before, limit=limit + 1)
    return lists.cut(rows, limit=limit, key=lambda version: [version.number])


def read(services: Services, identity: Identity | None, pipeline_id: UUID, *, number: int) -> Version:
    """One version with its spec; of a private pipeline those that a published result shows. Raises NotFound."""
    with services.pool.connection() as conn:
        return versions.find(conn, pipeline_id, number=number, viewer_id=_viewer_id(conn, identity))


def _viewer_id(conn: Connection[Any], identity: Identity | None) -> UUID | None:
    account = viewer(conn, identity)
    return account.id if account else None
