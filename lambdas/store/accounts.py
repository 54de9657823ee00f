"""Accounts: who a caller is, and what they say of themselves; sessions and keys are nouns of their own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from lambdas.domain.errors import EmailTaken, HandleTaken, NotFound
from lambdas.store import queries

_SQL = queries.load("accounts")


@dataclass(frozen=True, slots=True)
class Profile:
    """What everybody may see of an account; the counts are of what is public."""

    handle: str
    about: str
    created_at: datetime
    pipelines: int
    results: int


@dataclass(frozen=True, slots=True)
class Change:
    """What to change about an account; None leaves it."""

    handle: str | None = None
    email: str | None = None
    password_hash: str | None = None
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An identity; a guest has a made-up handle and no email address."""

    id: UUID
    handle: str
    email: str | None
    about: str
    guest: bool
    created_at: datetime


def of_session(conn: Connection[Any], token_hash: bytes) -> Account | None:
    """Whose session this is; None when it is unknown or has expired."""
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(_SQL["of_session"], {"token_hash": token_hash}).fetchone()


def of_key(conn: Connection[Any], key_hash: bytes) -> Account | None:
    """Whose key this is; None when it is unknown or has expired."""
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(_SQL["of_key"], {"key_hash": key_hash}).fetchone()


def hold(tx: Connection[Any], account_id: UUID) -> bool:
    """Keep an account from being erased until the transaction ends; False when it is erased already."""
    return tx.execute(_SQL["hold"], {"account_id": account_id}).fetchone() is not None


def create(conn: Connection[Any], *, handle: str, email: str, password_hash: str) -> Account:
    """A new full account; raises HandleTaken or EmailTaken."""
    account = _create(conn, handle=handle, email=email, password_hash=password_hash, guest=False)
    if account is None:
        raise _taken(conn, handle=handle, email=email, account_id=None)
    return account


def create_guest(conn: Connection[Any], *, handle: str) -> Account | None:
    """A new guest; None when the handle is taken."""
    return _create(conn, handle=handle, email=None, password_hash=None, guest=True)


def _create(
    conn: Connection[Any], *, handle: str, email: str | None, password_hash: str | None, guest: bool
) -> Account | None:
    params = {"handle": handle, "email": email, "password_hash": password_hash, "guest": guest}
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(_SQL["create"], params).fetchone()


def _taken(
    conn: Connection[Any], *, handle: str | None, email: str | None, account_id: UUID | None
) -> HandleTaken | EmailTaken:
    row = conn.execute(_SQL["taken"], {"handle": handle, "email": email, "except_id": account_id}).fetchone()
    if row is not None and row[0]:
        return HandleTaken(f'The handle "{handle}" is taken.')
    return EmailTaken("This email address already has an account.")


def find(conn: Connection[Any], account_id: UUID) -> Account:
    """One account; raises NotFound."""
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        account = cursor.execute(_SQL["find"], {"account_id": account_id}).fetchone()
    if account is None:
        raise NotFound("There is no such account.")
    return account


def profile(conn: Connection[Any], handle: str) -> Profile:
    """What everybody may see of the account with this handle; raises NotFound."""
    with conn.cursor(row_factory=class_row(Profile)) as cursor:
        found = cursor.execute(_SQL["profile"], {"handle": handle}).fetchone()
    if found is None:
        raise NotFound(f'Nobody has the handle "{handle}".')
    return found


def id_of(conn: Connection[Any], handle: str) -> UUID | None:
    """Whose handle this is; None when nobody has it."""
    row = conn.execute(_SQL["id_of"], {"handle": handle}).fetchone()
    return row[0] if row else None


def password_of_login(conn: Connection[Any], login: str) -> tuple[UUID | None, str | None]:
    """The account with this handle or email address and its password hash; two times None when there is none."""
    row = conn.execute(_SQL["password_of_login"], {"login": login}).fetchone()
    return (row[0], row[1]) if row else (None, None)


def password_of(conn: Connection[Any], account_id: UUID) -> str | None:
    """An account's password hash; None for a guest."""
    row = conn.execute(_SQL["password_of"], {"account_id": account_id}).fetchone()
    return row[0] if row else None


def update(conn: Connection[Any], account_id: UUID, change: Change) -> Account:
    """The account after a change; a guest that gets a password is full. Raises HandleTaken, EmailTaken or NotFound."""
    params = {
        "account_id": account_id,
        "handle": change.handle,
        "email": change.email,
        "password_hash": change.password_hash,
        "about": change.about,
    }
    try:
        # A savepoint, so that the transaction can go on to say what is taken.
        with conn.transaction(), conn.cursor(row_factory=class_row(Account)) as cursor:
            account = cursor.execute(_SQL["update"], params).fetchone()
    except UniqueViolation:
        raise _taken(conn, handle=change.handle, email=change.email, account_id=account_id) from None
    if account is None:
        raise NotFound("There is no such account.")
    return account
