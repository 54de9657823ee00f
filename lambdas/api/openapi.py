"""The OpenAPI document: what FastAPI finds, with the problems and the ways to sign in that all calls share."""

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from contract.faults import FaultCode
from lambdas.api import problems
from lambdas.api.deps import SECURITY, SESSION_COOKIE, identity_of, needs_identity
from lambdas.api.problems import declared

_SCHEMES = {
    "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
    "key": {"type": "http", "scheme": "bearer", "description": "a key of POST /keys, `atl_…`"},
}
_NAME_OR_INDEX = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
_VALUE = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "array", "items": {"type": "string"}}]}
_FAULT: dict[str, Any] = {
    "type": "object",
    "title": "Fault",
    "description": "A field at fault: `values` hold the rule's limits and names, `msg` says it in English.",
    "properties": {
        "loc": {"type": "array", "items": _NAME_OR_INDEX},
        "code": {"type": "string", "enum": [code.value for code in FaultCode]},
        "values": {"type": "object", "additionalProperties": _VALUE},
        "msg": {"type": "string"},
    },
    "required": ["loc", "code", "values", "msg"],
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457: what went wrong, with a stable `code`, and the fields at fault.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": problems.codes()},
        "detail": {"type": "string"},
        "request_id": {"type": "string", "description": "also in the header X-Request-Id and in the service's log"},
        "errors": {
            "type": "array",
            "maxItems": problems.MAX_FAULTS,
            "items": {"$ref": "#/components/schemas/Fault"},
        },
    },
    "required": ["type", "title", "status", "code", "detail", "request_id"],
}
_DROPPED = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI, *, routers: tuple[APIRouter, ...]) -> Callable[[], dict[str, Any]]:
    """What `app.openapi` is to be: the document, made once."""
    made: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if not made:
            made.update(_document(app, routers=routers))
        return made

    return document


def _document(app: FastAPI, *, routers: tuple[APIRouter, ...]) -> dict[str, Any]:
    found = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        separate_input_output_schemas=app.separate_input_output_schemas,
    )
    _refer(found)
    schemas = found["components"]["schemas"]
    for name in _DROPPED:
        schemas.pop(name, None)
    schemas |= {"Problem": _PROBLEM, "Fault": _FAULT}
    found["components"]["schemas"] = dict(sorted(schemas.items()))
    found["components"]["securitySchemes"] = _SCHEMES
    routes = {route.name: route for router in routers for route in router.routes if isinstance(route, APIRoute)}
    for method, operation in _operations(found):
        _complete(operation, method=method, route=routes[operation["operationId"]])
    return found


def _refer(part: Any) -> None:
    """Turn every `{"x-is": name}` into a reference to the schema of that name."""
    if isinstance(part, dict):
        if "x-is" in part:
            name = part["x-is"]
            part.clear()
            part["$ref"] = f"#/components/schemas/{name}"
        for inner in part.values():
            _refer(inner)
    elif isinstance(part, list):
        for inner in part:
            _refer(inner)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in document["paths"].values():
        yield from path.items()


def _complete(operation: dict[str, Any], *, method: str, route: APIRoute) -> None:
    """Add what every call of its sort answers: 422 also stands for unknown query parameters."""
    statuses = {422, 500, 503}
    calls = set(_calls(route.dependant))
    if method != "get":
        statuses.add(403)
    if "requestBody" in operation:
        statuses |= {400, 413, 415}
    if identity_of in calls:
        statuses.add(401)
        operation["security"] = SECURITY if needs_identity in calls else [{}, *SECURITY]
    responses = operation["responses"]
    for status, response in declared(*statuses).items():
        if str(status) not in responses or status == 422:
            responses[str(status)] = response
    operation["responses"] = dict(sorted(responses.items()))


def _calls(dependant: Dependant) -> Iterator[Any]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)
