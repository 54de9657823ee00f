"""The gallery: publishing and withdrawing runs, listing results, and how each was made."""

import json
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from lambdas.actions import lists
from lambdas.actions.identity import Identity, full_writer, reader, viewer, writer
from lambdas.actions.lists import Page, Wanted
from lambdas.actions.services import Services
from lambdas.aws import media
from lambdas.domain.errors import NotFound
from lambdas.store import results
from lambdas.store.lists import SortKey
from lambdas.store.results import Step


class Detail(NamedTuple):
    """A result as a list shows it, and every step of its run."""

    card: dict[str, Any]
    steps: list[Step]


def publish(
    services: Services, identity: Identity, run_id: UUID, *, title: str | None, cover: UUID | None
) -> tuple[Detail, bool]:
    """The result of a run of one's own, and whether it is new; what is None stays, or is chosen for a new one.

    Raises NotFound, RunNotSucceeded, PipelineDeleted, Forbidden for somebody's private pipeline, or Invalid.
    """
    with services.transaction() as tx:
        account = full_writer(tx, identity)
        result_id, created = results.publish(tx, run_id=run_id, account_id=account.id, title=title, cover=cover)
        return detail(tx, result_id, viewer_id=account.id), created


def withdraw(services: Services, identity: Identity, run_id: UUID) -> None:
    """Take a run out of the gallery, and its media to addresses that nobody has seen; raises NotFound.

    The media is copied between two transactions. Whatever ends this in between, sweep deletes the copies.
    """
    bucket = services.settings.media_bucket
    with services.transaction() as tx:
        move = results.plan_move(tx, run_id=run_id, account_id=reader(tx, identity).id)
    for old, new in move.objects:
        media.copy(services.clients.s3, bucket=bucket, old=old, new=new)
    with services.transaction() as tx:
        results.withdraw(tx, run_id=run_id, account_id=writer(tx, identity).id)
        results.move_media(tx, run_id=run_id, move=move)


def page(
    services: Services,
    identity: Identity | None,
    wanted: Wanted,
    *,
    pipeline_id: UUID | None,
    after: SortKey,
    limit: int,
) -> Page[str]:
    """Results after a sort key, as a JSON array; one's own all, when the author is oneself."""
    # The call that is made most reads on a bare connection.
    with services.pool.connection() as conn:
        account = viewer(conn, identity)
        filters = lists.resolve(conn, wanted, viewer=account)
        keys = results.page(conn, filters, pipeline_id=pipeline_id, after=after, limit=limit + 1)
        found = lists.cut(keys, limit=limit, key=tuple)
        ids = [key.id for key in found.items]
        return Page(results.cards(conn, ids, viewer_id=account.id if account else None), found.end)


def read(services: Services, identity: Identity | None, result_id: UUID) -> Detail:
    """A result with every step; raises NotFound."""
    with services.transaction() as tx:
        account = viewer(tx, identity)
        return detail(tx, result_id, viewer_id=account.id if account else None)


def card(services: Services, result_id: UUID) -> dict[str, Any] | None:
    """A result as a list shows it to anybody; None when there is none."""
    with services.pool.connection() as conn:
        return _card(conn, result_id, viewer_id=None)


def _card(conn: Connection[Any], result_id: UUID, *, viewer_id: UUID | None) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = json.loads(results.cards(conn, [result_id], viewer_id=viewer_id))
    return found[0] if found else None


def detail(tx: Connection[Any], result_id: UUID, *, viewer_id: UUID | None) -> Detail:
    """A result with every step, as this viewer sees it; raises NotFound."""
    found = _card(tx, result_id, viewer_id=viewer_id)
    if found is None:
        raise NotFound("There is no such result; its author may have withdrawn it.")
    return Detail(found, results.steps(tx, result_id))
