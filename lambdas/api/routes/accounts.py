"""Signing up, one's own account, and what everybody sees of others'."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request, Response
from psycopg import Connection
from pydantic import MISSING

from contract.spec import Fault
from lambdas.api.cookies import drop_session, set_session
from lambdas.api.deps import (
    SECURITY,
    SESSION_COOKIE,
    Caller,
    HashingTurn,
    Sends,
    Services,
    Site,
    Tx,
    identify,
    signed_in,
    transaction,
)
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.services import Services as AllServices
from lambdas.api.shapes.accounts import Account, AccountIn, AccountPatch, Profile, Quota
from lambdas.api.shapes.base import Handle
from lambdas.aws import media
from lambdas.domain import passwords
from lambdas.domain.errors import Invalid, WrongPassword
from lambdas.store import accounts, erasure, guests, sessions

router = StrictRouter(tags=["accounts"])


@router.post("/accounts", status_code=201, responses=declared(403, 409))
def create_account(body: AccountIn, response: Response, services: Services, _turn: HashingTurn) -> Account:
    """Sign up; the answer brings a session cookie."""
    password_hash = passwords.hash_of(body.password)
    with transaction(services) as tx:
        account = accounts.create(tx, handle=body.handle, email=body.email, password_hash=password_hash)
        _sign_in(tx, response, services=services, account_id=account.id)
    return Account.of(account, quotas={})


@router.post("/accounts/guest", status_code=201, responses=declared(403, 429))
def create_guest(response: Response, services: Services, site: Site, tx: Tx) -> Account:
    """Start as a guest, without a name; the answer brings a session cookie."""
    account = guests.create(tx, network=site.network, limit=services.settings.guests_per_network_day)
    _sign_in(tx, response, services=services, account_id=account.id)
    return Account.of(account, quotas=_quotas(tx, account, services=services, network=site.network))


@router.get("/accounts/{handle}", responses=declared(404))
def get_profile(handle: Annotated[Handle, Path()], tx: Tx) -> Profile:
    """What everybody may see of an account."""
    return Profile.of(accounts.profile(tx, handle))


@router.get("/me", responses=declared(401))
def get_me(caller: Caller, services: Services, site: Site, tx: Tx) -> Account:
    """One's own account, with quotas and their use."""
    return Account.of(caller, quotas=_quotas(tx, caller, services=services, network=site.network))


@router.patch("/me", responses=declared(401, 403, 409), openapi_extra={"security": SECURITY})
def update_me(body: AccountPatch, request: Request, services: Services, site: Site, _turn: HashingTurn) -> Account:
    """Change one's account. A guest that gives handle, email and password has a full account and keeps its work.

    A full account changes email or password only with `current_password`; other sessions then end.
    """
    with transaction(services) as tx:
        caller = signed_in(identify(request, tx))
        known_hash = accounts.password_of(tx, caller.id)
    _check_change(body, guest=caller.guest, known_hash=known_hash)
    change = accounts.Change(
        handle=_given(body.handle),
        email=_given(body.email),
        password_hash=None if body.password is MISSING else passwords.hash_of(body.password),
        about=_given(body.about),
    )
    with transaction(services) as tx:
        account = accounts.update(tx, caller.id, change)
        if change.password_hash:
            sessions.end_others(tx, account_id=caller.id, token=request.cookies.get(SESSION_COOKIE))
        return Account.of(account, quotas=_quotas(tx, account, services=services, network=site.network))


@router.delete("/me", status_code=202, responses=declared(401, 403))
def delete_me(response: Response, caller: Caller, services: Services, sends: Sends, tx: Tx) -> None:
    """Erase one's identity, keys, uploads, ratings, private pipelines and unpublished runs.

    What is public stays, without a name; stored files go within minutes.
    """
    told = erasure.erase(tx, caller.id)
    if told:
        sends.add(lambda: media.mark_cancelled(services.s3, told, bucket=services.settings.media_bucket))
    drop_session(response, settings=services.settings)


def _sign_in(tx: Connection[Any], response: Response, *, services: AllServices, account_id: UUID) -> None:
    token = sessions.create(tx, account_id=account_id, days=services.settings.session_days)
    set_session(response, token, settings=services.settings)


def _quotas(tx: Connection[Any], account: accounts.Account, *, services: AllServices, network: str) -> dict[str, Quota]:
    if not account.guest:
        return {}
    limit = services.settings.guest_tasks_per_network_day
    return {"guest_tasks_today": Quota(used=guests.tasks_today(tx, network=network), limit=limit)}


def _check_change(body: AccountPatch, *, guest: bool, known_hash: str | None) -> None:
    login = {"handle": body.handle, "email": body.email, "password": body.password}
    missing = [name for name, value in login.items() if value is MISSING]
    if guest and 0 < len(missing) < len(login):
        raise Invalid([Fault((name,), "is needed too, to make a guest a full account") for name in missing])
    if guest or (body.email is MISSING and body.password is MISSING):
        return
    if body.current_password is MISSING or not passwords.matches(body.current_password, password_hash=known_hash):
        raise WrongPassword("Give current_password to change the email address or the password.")


def _given(value: Any) -> Any:
    return None if value is MISSING else value
