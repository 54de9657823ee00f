"""Turns everything that goes wrong into RFC 9457 problem documents; which rule was broken is for the domain."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import OperationalError
from psycopg_pool import PoolTimeout, TooManyRequests
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from contract.faults import Fault, FaultCode
from lambdas.api import faults
from lambdas.api.requests import request_id
from lambdas.domain import errors

log = logging.getLogger(__name__)

Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """How one class of error answers."""

    status: int
    code: str
    title: str


TABLE: dict[type[errors.DomainError], Row] = {
    errors.BadCursor: Row(422, "bad_cursor", "This cursor belongs to another list"),
    errors.Conflict: Row(409, "conflict", "The state of things forbids this"),
    errors.EmailTaken: Row(409, "email_taken", "This email address has an account"),
    errors.Forbidden: Row(403, "forbidden", "You may not do this"),
    errors.FullAccountNeeded: Row(403, "full_account_needed", "Guests may not do this"),
    errors.HandleTaken: Row(409, "handle_taken", "This handle is taken"),
    errors.IdempotencyConflict: Row(409, "idempotency_conflict", "This Idempotency-Key came with another body"),
    errors.Invalid: Row(422, "invalid", "Some fields are not right"),
    errors.LimitReached: Row(429, "limit_reached", "A limit is reached"),
    errors.ModelGone: Row(409, "model_gone", "A model of this version is not offered here"),
    errors.NotAPicture: Row(422, "not_a_picture", "This is no picture that can be read"),
    errors.NotFound: Row(404, "not_found", "There is no such thing"),
    errors.NotSignedIn: Row(401, "not_signed_in", "Sign in first"),
    errors.OwnPipeline: Row(409, "own_pipeline", "This pipeline is your own"),
    errors.PipelineDeleted: Row(409, "pipeline_deleted", "This pipeline was deleted"),
    errors.RunNotFailed: Row(409, "run_not_failed", "This run neither failed nor was cancelled"),
    errors.RunNotSucceeded: Row(409, "run_not_succeeded", "This run has not succeeded"),
    errors.RunPublished: Row(409, "run_published", "This run is published"),
    errors.TooLarge: Row(413, "too_large", "Too large"),
    errors.WrongLogin: Row(401, "wrong_login", "Login or password is wrong"),
    errors.WrongOrigin: Row(403, "wrong_origin", "The call came from another site"),
    errors.WrongPassword: Row(403, "wrong_password", "The current password is wrong"),
}
"""One row per error of the domain; a test fails when one is missing."""

MAX_FAULTS = 20
"""Of one answer: whoever mends these will be told of the others."""

DATABASE_AWAY = (OperationalError, PoolTimeout, TooManyRequests)
"""What is raised when the database does not answer or has no connection to spare."""

_BY_STATUS = {
    400: Row(400, "malformed_body", "The body cannot be read"),
    404: Row(404, "not_found", "There is no such thing"),
    405: Row(405, "method_not_allowed", "This path does not take this method"),
    413: TABLE[errors.TooLarge],
    415: Row(415, "unsupported_media_type", "The body has another type than this call takes"),
}
_INVALID = TABLE[errors.Invalid]
_OTHER = "error"
_UNAVAILABLE = Row(503, "unavailable", "The service cannot answer right now")
_INTERNAL = Row(500, "internal", "Something went wrong on our side")


def codes() -> list[str]:
    """Every `code` that a problem may have."""
    rows = (*TABLE.values(), *_BY_STATUS.values(), _UNAVAILABLE, _INTERNAL)
    return sorted({_OTHER, *(row.code for row in rows)})


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route answers when something is wrong, for the OpenAPI document."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def install(app: FastAPI) -> None:
    """Make every error of this app a problem document."""
    app.add_exception_handler(errors.DomainError, _domain_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    for unavailable in (*DATABASE_AWAY, BotoCoreError, ClientError):
        app.add_exception_handler(unavailable, _unavailable)


def problem(row: Row, *, detail: str, faults: Sequence[Fault] = (), headers: Headers | None = None) -> JSONResponse:
    """The answer for one row; `faults` name the fields that are wrong, of which the first are told."""
    body: dict[str, Any] = {
        "type": f"urn:atelier:problem:{row.code}",
        "title": row.title,
        "status": row.status,
        "code": row.code,
        "detail": detail,
        "request_id": request_id(),
    }
    if faults:
        body["errors"] = [_shown(fault) for fault in faults[:MAX_FAULTS]]
    return JSONResponse(body, status_code=row.status, headers=headers, media_type="application/problem+json")


def too_large(limit: int) -> JSONResponse:
    """The answer to a body of more than `limit` bytes."""
    return problem(TABLE[errors.TooLarge], detail=f"The body may hold at most {limit:,} bytes.")


def _domain_error(_request: Request, error: Exception) -> JSONResponse:
    row = next(TABLE[cls] for cls in type(error).__mro__ if cls in TABLE)
    headers: Headers = {}
    if isinstance(error, errors.Invalid):
        return _invalid([fault.below("body") for fault in error.faults])
    found = [Fault(("query", "cursor"), FaultCode.BAD_CURSOR)] if isinstance(error, errors.BadCursor) else []
    if isinstance(error, errors.LimitReached):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if row.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return problem(row, detail=str(error) or row.title, faults=found, headers=headers)


def _validation_error(_request: Request, error: Exception) -> JSONResponse:
    found = cast("RequestValidationError", error).errors()
    if any(fault["type"] == "json_invalid" for fault in found):
        return problem(_BY_STATUS[400], detail="The body is not valid JSON.")
    return _invalid(faults.of(found))


def _invalid(found: Sequence[Fault]) -> JSONResponse:
    shown = [_shown(fault) for fault in found[:5]]
    detail = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in shown)
    return problem(_INVALID, detail=detail, faults=found)


def _http_error(_request: Request, error: Exception) -> JSONResponse:
    http = cast("HTTPException", error)
    row = _BY_STATUS.get(http.status_code) or Row(http.status_code, _OTHER, HTTPStatus(http.status_code).phrase)
    own_words = http.detail and http.detail != HTTPStatus(http.status_code).phrase
    headers = dict(http.headers) if http.headers else None
    return problem(row, detail=http.detail if own_words else row.title, headers=headers)


def _unavailable(_request: Request, error: Exception) -> JSONResponse:
    log.error("database or storage unavailable", exc_info=error)
    return problem(
        _UNAVAILABLE, detail="A part of the service does not answer; try again.", headers={"Retry-After": "2"}
    )


async def internal_error(scope: Scope, receive: Receive, send: Send) -> None:
    """The answer when something unforeseen was raised; the request's edge has logged it."""
    answer = problem(_INTERNAL, detail="The error was recorded; try again later.")
    await answer(scope, receive, send)


def _shown(fault: Fault) -> dict[str, Any]:
    # An unknown field may be named with half a surrogate pair, which no JSON text can carry.
    loc = [part if isinstance(part, int) else part.encode(errors="replace").decode() for part in fault.loc]
    return {"loc": loc, "code": fault.code, "values": dict(fault.values), "msg": fault.msg}
