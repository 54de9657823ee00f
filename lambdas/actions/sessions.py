"""Signing in and out."""

from lambdas.actions.accounts import SignedIn
from lambdas.actions.services import Services
from lambdas.domain import passwords
from lambdas.domain.errors import WrongLogin
from lambdas.store import accounts, sessions


def sign_in(services: Services, *, login: str, password: str) -> SignedIn:
    """A new session of the account with this handle or email address; raises WrongLogin."""
    with services.pool.connection() as conn:
        account_id, password_hash = accounts.password_of_login(conn, login)
    # An unknown login takes as long as a wrong password, or the time would tell who has an account.
    if not passwords.matches(password, password_hash=password_hash) or account_id is None:
        raise WrongLogin("No account has this login with this password.")
    with services.transaction() as tx:
        account = accounts.find(tx, account_id)
        token = sessions.create(tx, account_id=account_id, days=services.settings.session_days)
    return SignedIn(account, {}, token)


def sign_out(services: Services, *, token: str) -> None:
    """End a session; one that is unknown is over already."""
    with services.pool.connection() as conn:
        sessions.end(conn, token_hash=sessions.hash_of(token))
