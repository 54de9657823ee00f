"""The route class of every call: what is refused before a call's own rules are looked at."""

import json
from collections.abc import Callable, Coroutine
from enum import Enum
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

from contract.faults import FaultCode, Value
from lambdas.api import body_shape


class StrictRequest(Request):
    """A request whose JSON must be JSON: no NaN, no depth or digits beyond what Python reads."""

    async def json(self) -> Any:
        """The body; raises 400 when it cannot be read, and Invalid for a shape that no call has."""
        if not hasattr(self, "_json"):
            try:
                self._json = json.loads(await self.body(), parse_constant=_no_constant)
            except (ValueError, RecursionError):
                # ValueError covers bad syntax, bad UTF-8 and numbers of thousands of digits.
                raise HTTPException(400, "The body is not valid JSON.") from None
            body_shape.check(self._json)
        return self._json


class StrictRoute(APIRoute):
    """A route that refuses unknown or repeated query parameters and bodies that are not JSON."""

    @cached_property
    def _literal(self) -> str:
        """What its path begins with, up to the first parameter."""
        return self.path.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        # Routes are tried one after another, and FastAPI's own look is dear: most are passed over by their letters.
        if self._literal not in scope["path"]:
            return Match.NONE, {}
        match, child = super().matches(scope)
        return (Match.FULL if match is Match.PARTIAL and self._is_asked_for_headers(scope) else match), child

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; HEAD as GET would be, without the body (RFC 9110, 9.3.2)."""
        if self._is_asked_for_headers(scope):
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        await super().handle(scope, receive, send)

    def _is_asked_for_headers(self, scope: Scope) -> bool:
        return scope["method"] == "HEAD" and "GET" in (self.methods or ())

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = _query_names(self.dependant)
        takes_json = self.body_field is not None

        async def strict(request: Request) -> Response:
            _check_query(request, known)
            strict_request = StrictRequest(request.scope, request.receive)
            if takes_json:
                _check_content_type(request)
                # Here, not within FastAPI's own reading, which answers every error with one and the same 400.
                await strict_request.json()
            return await handle(strict_request)

        return strict


class StrictRouter(APIRouter):
    """A router of such routes that is passed over as a whole when its prefix is not asked for."""

    def __init__(self, *, prefix: str = "", tags: list[str | Enum]) -> None:
        super().__init__(prefix=prefix, tags=tags, route_class=StrictRoute)
        self._literal = prefix.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if self._literal not in scope["path"]:
            return Match.NONE, {}
        return super().matches(scope)


def _without_body(send: Send) -> Send:
    async def sending(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return sending


def _query_names(dependant: Dependant) -> frozenset[str]:
    own = {param.alias for param in dependant.query_params}
    return frozenset(own).union(*(_query_names(inner) for inner in dependant.dependencies))


def _check_query(request: Request, known: frozenset[str]) -> None:
    raw: bytes = request.scope["query_string"]
    if not raw:
        return
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise _refusal("query", FaultCode.NOT_UNICODE) from None
    seen: set[str] = set()
    for name, value in pairs:
        if name not in known:
            raise _refusal(name, FaultCode.UNKNOWN_PARAMETER, known=sorted(known))
        if name in seen:
            raise _refusal(name, FaultCode.REPEATED_PARAMETER)
        if "\x00" in value:
            raise _refusal(name, FaultCode.NUL_CHARACTER)
        seen.add(name)


def _check_content_type(request: Request) -> None:
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if declared != "application/json" and (declared or has_body):
        raise HTTPException(415, "Send JSON, with the header Content-Type: application/json.")


def _refusal(name: str, code: FaultCode, **values: Value) -> RequestValidationError:
    return RequestValidationError([{"type": code, "loc": ("query", name), "ctx": values}])


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
