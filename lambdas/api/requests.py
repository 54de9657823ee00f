"""The edge of every request: an id that its log lines and problem documents share, and what to say when it broke."""

import logging
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.logs import trace_of

log = logging.getLogger(__name__)

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_make_record = logging.getLogRecordFactory()


def request_id() -> str:
    """The id of the request at hand; empty outside of one."""
    return _request_id.get()


class RequestEdge:
    """ASGI middleware, the outermost: gives a request its id, and answers it when something unforeseen was raised.

    On Lambda the id is the invocation's, which AWS itself writes into its lines.
    """

    def __init__(self, app: ASGIApp, *, answer: ASGIApp) -> None:
        """`answer` says that something went wrong on our side."""
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; the answer's header X-Request-Id names it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Never set back: each request is a task with a context of its own, and its last lines come at its very end.
        _request_id.set(_id_of(scope))
        began = False

        async def sending(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id().encode())]}
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # the process edge of a request
            # Not the exception as it stands: the database's may quote rows, and rows hold what people wrote.
            log.error("unexpected error", extra={"exception": trace_of(error)})  # noqa: TRY400 - see above
            if began:
                raise
            await self._answer(scope, receive, sending)


def _id_of(scope: Scope) -> str:
    invocation: Any = scope.get("aws.context")
    return invocation.aws_request_id if invocation else uuid4().hex


def _record_with_id(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = _make_record(*args, **kwargs)
    if found := request_id():
        record.request_id = found
    return record


# Not a filter: those of a logger do not see what the loggers below it write.
logging.setLogRecordFactory(_record_with_id)
