"""Pipelines: making, finding, changing and remixing them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import Connection

from contract.spec import Spec
from lambdas.actions import lists, specs
from lambdas.actions.identity import Identity, viewer, writer
from lambdas.actions.lists import Page, Wanted
from lambdas.actions.services import Services
from lambdas.domain.errors import FullAccountNeeded
from lambdas.store import pipelines, versions
from lambdas.store.accounts import Account
from lambdas.store.lists import SortKey
from lambdas.store.pipelines import Change, Draft, Pipeline, Visibility

UNTITLED = "A remix"
"""Of a version whose pipeline never told its title to everybody."""


def create(
    services: Services, identity: Identity, *, title: str, spec: Spec, description: str = "", tags: Sequence[str] = (),
    visibility: Visibility | None = None,
) -> Pipeline:  # fmt: skip
    """A new pipeline whose version 1 has this spec, completed; raises Invalid, or FullAccountNeeded.

    Without a wish guests' pipelines are private and others' public.
    """
    complete = specs.checked(spec, services.catalogue)
    with services.transaction() as tx:
        account = writer(tx, identity)
        draft = Draft(
            title=title,
            description=description,
            tags=list(tags),
            visibility=_visibility(account, visibility),
            spec=complete,
        )
        return _created(tx, draft, account)


def page(
    services: Services, identity: Identity | None, wanted: Wanted, *, after: SortKey, limit: int
) -> Page[list[Pipeline]]:
    """Public pipelines after a sort key, without specs; one's own all, when the author is oneself."""
    with services.pool.connection() as conn:
        account = viewer(conn, identity)
        filters = lists.resolve(conn, wanted, viewer=account)
        found = lists.cut(pipelines.page(conn, filters, after=after, limit=limit + 1), limit=limit, key=tuple)
        cards = pipelines.cards(conn, [key.id for key in found.items], viewer_id=_id(account))
    return Page(cards, found.end)


def read(services: Services, identity: Identity | None, pipeline_id: UUID) -> Pipeline:
    """A pipeline with its latest spec; raises NotFound."""
    with services.pool.connection() as conn:
        return pipelines.find(conn, pipeline_id, viewer_id=_id(viewer(conn, identity)))


def change(services: Services, identity: Identity, pipeline_id: UUID, wanted: Change) -> Pipeline:
    """A pipeline of one's own after a change; raises NotFound, Forbidden or FullAccountNeeded."""
    with services.transaction() as tx:
        account = writer(tx, identity)
        pipelines.lock_own(tx, pipeline_id, account_id=account.id)
        if wanted.visibility is not None:
            _visibility(account, wanted.visibility)
        pipelines.update(tx, pipeline_id, wanted)
        return pipelines.find(tx, pipeline_id, viewer_id=account.id)


def delete(services: Services, identity: Identity, pipeline_id: UUID) -> None:
    """Take a pipeline of one's own out of every list; raises NotFound or Forbidden."""
    with services.transaction() as tx:
        pipelines.lock_own(tx, pipeline_id, account_id=writer(tx, identity).id)
        pipelines.delete(tx, pipeline_id)


def remix(
    services: Services, identity: Identity, pipeline_id: UUID, *, version: int | None, title: str | None
) -> Pipeline:
    """A pipeline of one's own that starts from a version, by default the latest; raises NotFound or Invalid."""
    with services.transaction() as tx:
        account = writer(tx, identity)
        number = version or pipelines.find(tx, pipeline_id, viewer_id=account.id).latest_version
        source = versions.find(tx, pipeline_id, number=number, viewer_id=account.id)
        draft = Draft(
            title=title or source.title or UNTITLED,
            description=source.description or "",
            tags=source.tags or [],
            visibility=_visibility(account, None),
            spec=specs.checked(specs.stored(source.spec), services.catalogue),
            parent=(pipeline_id, number),
        )
        return _created(tx, draft, account)


def _created(tx: Connection[Any], draft: Draft, account: Account) -> Pipeline:
    pipeline_id = pipelines.create(tx, draft, account_id=account.id)
    return pipelines.find(tx, pipeline_id, viewer_id=account.id)


def _visibility(account: Account, wanted: Visibility | None) -> Visibility:
    if account.guest and wanted not in (None, "private"):
        raise FullAccountNeeded("Guests' pipelines are private. Sign up to share them.")
    return wanted or ("private" if account.guest else "public")


def _id(account: Account | None) -> UUID | None:
    return account.id if account else None
