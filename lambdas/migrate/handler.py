"""The Lambda function that brings the database up to date at each deploy."""

from typing import Any

import psycopg

from lambdas.aws.clients import IN_BACKGROUND, Clients
from lambdas.aws.passwords import kept_password
from lambdas.migrate import resource
from lambdas.migrate.settings import Settings
from lambdas.store import migrations, roles


def handler(event: dict[str, Any], _context: object) -> dict[str, list[str]]:
    """Apply what is new; `applied` names the files. Raises when a file applied earlier has changed.

    CloudFormation is told instead: it wants an answer at its own address and tries again whatever raises.
    """
    settings = Settings()  # pyright: ignore[reportCallIssue] - from the environment
    if "ResponseURL" in event:
        applied = resource.answer(event, carried=settings.migrations, apply=lambda: _apply(settings))
    else:
        applied = _apply(settings)
    return {"applied": applied}


def _apply(settings: Settings) -> list[str]:
    with psycopg.connect(settings.database_url, password=_password(settings), autocommit=True) as conn:
        applied = migrations.apply_to(conn)
        if settings.app_user:
            roles.keep_app_user(conn)
        return applied


def _password(settings: Settings) -> str | None:
    if settings.database_secret is None:
        return None
    return kept_password(Clients(settings, patience=IN_BACKGROUND).secrets, settings.database_secret)()
