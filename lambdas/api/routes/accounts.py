"""Signing up, one's own account, and what everybody sees of others'."""

from typing import Annotated

from fastapi import Path, Response

from lambdas.actions import accounts
from lambdas.api.cookies import drop_session, set_session
from lambdas.api.deps import Caller, HashingTurn, OutsideTurn, Services, Site
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.accounts import Account, AccountIn, AccountPatch, Profile
from lambdas.api.shapes.base import Handle, given

router = StrictRouter(tags=["accounts"])


@router.post("/accounts", status_code=201, responses=declared(403, 409))
def create_account(body: AccountIn, response: Response, services: Services, _turn: HashingTurn) -> Account:
    """Sign up; the answer brings a session cookie."""
    made = accounts.sign_up(services, handle=body.handle, email=body.email, password=body.password)
    set_session(response, made.token, settings=services.settings)
    return Account.of(made.account, quotas=made.quotas)


@router.post("/accounts/guest", status_code=201, responses=declared(403, 429))
def create_guest(response: Response, services: Services, site: Site) -> Account:
    """Start as a guest, without a name; the answer brings a session cookie."""
    made = accounts.start_guest(services, network=site.network)
    set_session(response, made.token, settings=services.settings)
    return Account.of(made.account, quotas=made.quotas)


@router.get("/accounts/{handle}", responses=declared(404))
def get_profile(handle: Annotated[Handle, Path()], services: Services) -> Profile:
    """What everybody may see of an account."""
    return Profile.of(accounts.profile(services, handle))


@router.get("/me", responses=declared(401))
def get_me(caller: Caller, services: Services) -> Account:
    """One's own account, with quotas and their use."""
    own = accounts.read_own(services, caller)
    return Account.of(own.account, quotas=own.quotas)


@router.patch("/me", responses=declared(401, 403, 409))
def update_me(body: AccountPatch, caller: Caller, services: Services, _turn: HashingTurn) -> Account:
    """Change one's account. A guest that gives handle, email and password has a full account and keeps its work.

    A full account changes email or password only with `current_password`; other sessions then end.
    """
    change = accounts.Change(
        handle=given(body.handle),
        email=given(body.email),
        password=given(body.password),
        about=given(body.about),
        current_password=given(body.current_password),
    )
    own = accounts.change(services, caller, change)
    return Account.of(own.account, quotas=own.quotas)


@router.delete("/me", status_code=202, responses=declared(401, 403))
def delete_me(response: Response, caller: Caller, services: Services, _turn: OutsideTurn) -> None:
    """Erase one's identity, keys, uploads, ratings, private pipelines and unpublished runs.

    What is public stays, without a name; stored files go within minutes.
    """
    accounts.erase(services, caller).send(services.clients, services.settings)
    drop_session(response, settings=services.settings)
