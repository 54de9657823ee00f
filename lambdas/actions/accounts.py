"""Signing up, one's own account, and what everybody sees of others'."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg import Connection

from contract.faults import Fault, FaultCode
from lambdas.actions.identity import Identity, reader, writer
from lambdas.actions.outbox import Outbox
from lambdas.actions.services import Services
from lambdas.domain import passwords
from lambdas.domain.errors import Invalid, WrongPassword
from lambdas.store import accounts, erasure, guests, sessions
from lambdas.store.accounts import Account, Profile


@dataclass(frozen=True, slots=True)
class Change:
    """What to change about one's account; None leaves it."""

    handle: str | None = None
    email: str | None = None
    password: str | None = None
    about: str | None = None
    current_password: str | None = None


class Quota(NamedTuple):
    """What may be used until it renews, and what has been."""

    used: int
    limit: int


class Own(NamedTuple):
    """One's own account, with what limits it."""

    account: Account
    quotas: dict[str, Quota]


class SignedIn(NamedTuple):
    """An account, with what limits it and the token of its new session, to be shown this once."""

    account: Account
    quotas: dict[str, Quota]
    token: str


def sign_up(services: Services, *, handle: str, email: str, password: str) -> SignedIn:
    """A new full account; raises HandleTaken or EmailTaken."""
    password_hash = passwords.hash_of(password)
    with services.transaction() as tx:
        account = accounts.create(tx, handle=handle, email=email, password_hash=password_hash)
        token = sessions.create(tx, account_id=account.id, days=services.settings.session_days)
    return SignedIn(account, {}, token)


def start_guest(services: Services, *, network: str) -> SignedIn:
    """A new guest of a network; raises LimitReached."""
    settings = services.settings
    with services.transaction() as tx:
        account = guests.create(tx, network=network, limit=settings.guests_per_network_day)
        token = sessions.create(tx, account_id=account.id, days=settings.session_days)
        return SignedIn(account, _quotas(tx, account, services=services, network=network), token)


def profile(services: Services, handle: str) -> Profile:
    """What everybody may see of an account; raises NotFound."""
    with services.pool.connection() as conn:
        return accounts.profile(conn, handle)


def read_own(services: Services, identity: Identity) -> Own:
    """One's own account."""
    with services.pool.connection() as conn:
        account = reader(conn, identity)
        return Own(account, _quotas(conn, account, services=services, network=identity.network))


def change(services: Services, identity: Identity, wanted: Change) -> Own:
    """Change one's account; a guest that gives handle, email and password has a full one and keeps its work.

    Email and password of a full account want the current password, and a new password ends the other sessions.
    Raises Invalid, WrongPassword, HandleTaken or EmailTaken.
    """
    with services.pool.connection() as conn:
        account = reader(conn, identity)
        known_hash = accounts.password_of(conn, account.id)
    _check_change(wanted, guest=account.guest, known_hash=known_hash)
    # Between two transactions: a hash takes longer than one may stay open.
    password_hash = None if wanted.password is None else passwords.hash_of(wanted.password)
    row = accounts.Change(handle=wanted.handle, email=wanted.email, password_hash=password_hash, about=wanted.about)
    with services.transaction() as tx:
        account = accounts.update(tx, writer(tx, identity).id, row)
        if password_hash:
            sessions.end_others(tx, account_id=account.id, kept=identity.session_hash)
        return Own(account, _quotas(tx, account, services=services, network=identity.network))


def erase(services: Services, identity: Identity) -> Outbox:
    """Erase one's identity, logins, uploads, ratings, private pipelines and unpublished runs."""
    with services.transaction() as tx:
        return Outbox(cancelled=erasure.erase(tx, reader(tx, identity).id))


def _quotas(conn: Connection[Any], account: Account, *, services: Services, network: str) -> dict[str, Quota]:
    if not account.guest:
        return {}
    limit = services.settings.guest_tasks_per_network_day
    return {"guest_tasks_today": Quota(used=guests.tasks_today(conn, network=network), limit=limit)}


def _check_change(wanted: Change, *, guest: bool, known_hash: str | None) -> None:
    login = {"handle": wanted.handle, "email": wanted.email, "password": wanted.password}
    missing = [name for name, value in login.items() if value is None]
    if guest and 0 < len(missing) < len(login):
        raise Invalid([Fault((name,), FaultCode.NEEDED_FOR_FULL_ACCOUNT) for name in missing])
    if guest or (wanted.email is None and wanted.password is None):
        return
    given = wanted.current_password
    if given is None or not passwords.matches(given, password_hash=known_hash):
        raise WrongPassword("Give current_password to change the email address or the password.")
