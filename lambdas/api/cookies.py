"""The session cookie: written at sign-in, taken back at sign-out."""

from fastapi import Response

from lambdas.api.deps import SESSION_COOKIE
from lambdas.api.settings import Settings


def set_session(response: Response, token: str, *, settings: Settings) -> None:
    """Let the browser send this token with every call to the site."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=settings.session_days * 86_400,
        httponly=True,
        samesite="lax",
        secure=settings.site_scheme == "https",
    )


def drop_session(response: Response, *, settings: Settings) -> None:
    """Let the browser forget the token."""
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax", secure=settings.site_scheme == "https")
