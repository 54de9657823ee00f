"""Signing in and out."""

from fastapi import Request, Response

from lambdas.api.cookies import drop_session, set_session
from lambdas.api.deps import SESSION_COOKIE, HashingTurn, Services, Tx, transaction
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.accounts import Account, SessionIn
from lambdas.domain import passwords
from lambdas.domain.errors import WrongLogin
from lambdas.store import accounts, sessions

router = StrictRouter(tags=["accounts"])


@router.post("/sessions", status_code=201, responses=declared(401, 403))
def create_session(body: SessionIn, response: Response, services: Services, _turn: HashingTurn) -> Account:
    """Sign in by handle or email address; the answer brings a session cookie."""
    with transaction(services) as tx:
        account_id, password_hash = accounts.password_of_login(tx, body.login)
    # An unknown login takes as long as a wrong password, or the time would tell who has an account.
    if not passwords.matches(body.password, password_hash=password_hash) or account_id is None:
        raise WrongLogin("No account has this login with this password.")
    with transaction(services) as tx:
        account = accounts.find(tx, account_id)
        token = sessions.create(tx, account_id=account_id, days=services.settings.session_days)
    set_session(response, token, settings=services.settings)
    return Account.of(account, quotas={})


@router.delete("/sessions/current", status_code=204, responses=declared(403))
def delete_session(request: Request, response: Response, services: Services, tx: Tx) -> None:
    """Sign out; without a session nothing happens."""
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        sessions.end(tx, token=token)
    drop_session(response, settings=services.settings)
