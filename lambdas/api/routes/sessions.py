"""Signing in and out."""

from fastapi import Response

from lambdas.actions import sessions
from lambdas.api.cookies import drop_session, set_session
from lambdas.api.deps import HashingTurn, Services, SessionToken
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.accounts import Account, SessionIn

router = StrictRouter(tags=["accounts"])


@router.post("/sessions", status_code=201, responses=declared(401, 403))
def create_session(body: SessionIn, response: Response, services: Services, _turn: HashingTurn) -> Account:
    """Sign in by handle or email address; the answer brings a session cookie."""
    made = sessions.sign_in(services, login=body.login, password=body.password)
    set_session(response, made.token, settings=services.settings)
    return Account.of(made.account, quotas=made.quotas)


@router.delete("/sessions/current", status_code=204, responses=declared(403))
def delete_session(response: Response, services: Services, token: SessionToken) -> None:
    """Sign out; without a session nothing happens."""
    if token:
        sessions.sign_out(services, token=token)
    drop_session(response, settings=services.settings)
