"""Applies the files of migrations/ once and in order; what stands in them is theirs, and who connects the caller's."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
from psycopg import Connection

from lambdas.store import queries

FOLDER = Path(__file__).resolve().parents[2] / "migrations"

_SQL = queries.load("migrations")


class MigrationChanged(RuntimeError):
    """A file that this database has already applied was edited since, or one between others was removed or added."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of migrations/, with the SHA-256 of its bytes."""

    name: str
    sha256: str
    statements: LiteralString


def apply(conn_url: str, folder: Path = FOLDER) -> list[str]:
    """Bring a database up to date over a connection of its own; see `apply_to`."""
    with psycopg.connect(conn_url, autocommit=True) as conn:
        return apply_to(conn, folder)


def apply_to(conn: Connection[Any], folder: Path = FOLDER) -> list[str]:
    """Bring a database up to date; the names of the files applied now.

    Each file is one transaction. A second caller waits until the first one's connection closes and then finds
    nothing left to do. A database that is ahead of these files is left as it is, for older code runs on it: that is
    what a rollback meets. Raises MigrationChanged before anything is applied.
    """
    conn.execute(_SQL["lock"])
    conn.execute(_SQL["create_table"])
    waiting = _waiting(conn, read(folder))
    for migration in waiting:
        _apply(conn, migration)
    return [migration.name for migration in waiting]


def _apply(conn: Connection[Any], migration: Migration) -> None:
    try:
        with conn.transaction():
            conn.execute(migration.statements)
            conn.execute(_SQL["record"], {"name": migration.name, "sha256": migration.sha256})
    except psycopg.Error as error:
        error.add_note(migration.name)
        raise


def read(folder: Path = FOLDER) -> list[Migration]:
    """The migrations of a folder in the order of their names; raises FileNotFoundError when there is none."""
    paths = sorted(folder.glob("[0-9]*.sql"))
    if not paths:
        raise FileNotFoundError(f"no migrations in {folder}")
    return [_migration(path) for path in paths]


def _migration(path: Path) -> Migration:
    data = path.read_bytes()
    # Files of this repository, never built from input: what psycopg means by a literal string.
    statements = cast("LiteralString", data.decode())
    return Migration(path.name, hashlib.sha256(data).hexdigest(), statements)


def _waiting(conn: Connection, migrations: list[Migration]) -> list[Migration]:
    applied: dict[str, str] = dict(conn.execute(_SQL["applied"]).fetchall())
    known = {migration.name: migration.sha256 for migration in migrations}
    newest = migrations[-1].name
    changed = [name for name, sha256 in applied.items() if name <= newest and known.get(name) != sha256]
    if changed:
        raise MigrationChanged(f"already applied, but edited or removed since: {', '.join(sorted(changed))}")
    waiting = [migration for migration in migrations if migration.name not in applied]
    late = [migration.name for migration in waiting if migration.name < max(applied, default="")]
    if late:
        raise MigrationChanged(f"newer files were applied before these: {', '.join(late)}")
    return waiting
