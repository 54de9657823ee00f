"""The Lambda function that brings the database up to date at each deploy."""

from typing import Any

from lambdas.migrate.settings import Settings
from lambdas.store import migrations


def handler(_event: dict[str, Any], _context: object) -> dict[str, list[str]]:
    """Apply what is new; `applied` names the files. Raises when a file applied earlier has changed."""
    return {"applied": migrations.apply(Settings().database_url)}  # pyright: ignore[reportCallIssue]
