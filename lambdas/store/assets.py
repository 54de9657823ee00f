"""Outputs: link what a winning delivery names, and find a picture that an account may use."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from psycopg import Connection

from contract.limits import EXCERPT_CHARACTERS
from contract.messages import Output, Succeeded
from lambdas.domain.states import storable
from lambdas.store.queries import load
from lambdas.store.records import records

_SQL = load("assets")


def link(conn: Connection[Any], *, wins: Iterable[Succeeded]) -> None:
    """Make the outputs of these events, each of which just closed its task, that task's outputs."""
    rows: list[dict[str, Any]] = []
    winners: list[str] = []
    for win in wins:
        winners.append(win.delivery)
        rows.extend({"task_id": win.task, "k": k} | _columns(output) for k, output in enumerate(win.outputs))
    if rows:
        conn.execute(_SQL["link"], {"winners": winners, "outputs": records(rows)})


def picture_key(conn: Connection[Any], *, asset_id: UUID, account_id: UUID) -> str | None:
    """Where the picture stands in the bucket; None when it does not exist or this account may not see it."""
    row = conn.execute(_SQL["visible_picture"], {"id": asset_id, "account_id": account_id}).fetchone()
    return row[0] if row else None


def unlinked(conn: Connection[Any], *, prefixes: Iterable[str]) -> list[str]:
    """Those of these folders of the bucket that belong to no output and to no receipt that is still looked at."""
    return [row[0] for row in conn.execute(_SQL["unlinked"], {"prefixes": list(prefixes)})]


def _columns(output: Output) -> dict[str, Any]:
    columns = output.model_dump(exclude={"text"})
    if output.type == "text":
        columns["excerpt"] = storable(output.text[:EXCERPT_CHARACTERS])
    return columns
