"""Refuses bodies over the limit before they are read whole; which limit a path has is for app.py."""

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lambdas.api.problems import too_large


class BodyLimit:
    """ASGI middleware that counts what a request brings; `limit_of` gives the bytes that a path takes."""

    def __init__(self, app: ASGIApp, *, limit_of: Callable[[str], int]) -> None:
        self._app = app
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 by the declared length, or while the body streams in."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        if _declared_length(scope) > limit:
            await too_large(limit)(scope, receive, send)
            return
        await self._app(scope, _counting(receive, limit=limit), send)


def _declared_length(scope: Scope) -> int:
    digits = dict(scope["headers"]).get(b"content-length", b"0")
    return int(digits) if digits.isdigit() and len(digits) < 20 else 0


def _counting(receive: Receive, *, limit: int) -> Receive:
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413, f"The body may hold at most {limit:,} bytes.")
        return message

    return counted
