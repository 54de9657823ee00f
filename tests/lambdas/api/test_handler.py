"""The Lambda function answers real API Gateway events (payload format 2.0)."""

import asyncio
import base64
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from lambdas.api.settings import Settings
from tests.lambdas.api.people import PASSWORD
from tests.lambdas.api.test_uploads import picture
from tests.services.ministack import a_bucket

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
REQUEST_ID = "5f2c0b1e-6a51-4a0e-9f0e-2f3f1a8a7a10"


@pytest.fixture
def _loop() -> Iterator[None]:
    """Mangum runs on the thread's event loop and, making one, never closes it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture
def more() -> dict[str, str]:
    """Settings of one test's own."""
    return {}


@pytest.fixture
def handler(
    settings: Settings, more: dict[str, str], ministack: str, monkeypatch: pytest.MonkeyPatch, _loop: None
) -> Iterator[Handler]:
    """The function as a cold start makes it, from its environment alone."""
    values = (
        settings.model_dump(exclude_none=True)
        | {
            "secret": settings.secret.get_secret_value(),
            "media_bucket": a_bucket(ministack),
            "aws_endpoint_url": ministack,
            "site_scheme": "https",
        }
        | more
    )
    for name, value in values.items():
        monkeypatch.setenv(f"ATELIER_{name.upper()}", str(value))
    sys.modules.pop("lambdas.api.handler", None)
    module = importlib.import_module("lambdas.api.handler")
    yield module.handler
    module.handler.app.state.services.stop()


def event(
    method: str,
    path: str,
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    cookies: list[str] | None = None,
    query: str = "",
) -> dict[str, Any]:
    """What an HTTP API sends: lower-case headers, cookies apart, a body that is not text in base64."""
    found: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {
            "accept": "*/*",
            "content-length": str(len(body or b"")),
            "host": "atelier.example",
            "user-agent": "curl/8.5.0",
            "x-amzn-trace-id": "Root=1-65f0c0de-000000000000000000000000",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        }
        | (headers or {}),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "domainName": "atelier.example",
            "domainPrefix": "atelier",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "curl/8.5.0",
            },
            "requestId": "AbCdEfGhIjKlMnO=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2026:19:03:58 +0000",
            "timeEpoch": 1773342238000,
        },
        "isBase64Encoded": False,
    }
    if cookies:
        found["cookies"] = cookies
    if body is not None:
        try:
            found["body"] = body.decode()
        except UnicodeDecodeError:
            found |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return found


def call(handler: Handler, method: str, path: str, **more: Any) -> dict[str, Any]:
    return handler(event(method, path, **more), SimpleNamespace(aws_request_id=REQUEST_ID))


def as_json(value: object) -> dict[str, Any]:
    return {"body": json.dumps(value, ensure_ascii=False).encode(), "headers": {"content-type": "application/json"}}


@pytest.fixture
def cookie(handler: Handler) -> str:
    """The cookie of a new account, as a browser would send it back."""
    body = {"handle": "ana", "email": "ana@atelier.test", "password": PASSWORD}
    answer = call(handler, "POST", "/api/v1/accounts", **as_json(body))
    assert answer["statusCode"] == 201, answer
    (found,) = answer["cookies"]
    assert "Secure" in found
    return found.partition(";")[0]


def test_cookies_travel_both_ways(handler: Handler, cookie: str) -> None:
    answer = call(handler, "GET", "/api/v1/me", cookies=["theme=dark", cookie])
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"] == "application/json"
    assert json.loads(answer["body"])["handle"] == "ana"


def test_the_origin_rule_sees_the_browser_s_host(handler: Handler, cookie: str) -> None:
    request = as_json({"about": "Лисы и яблоки"})
    foreign = request | {"headers": request["headers"] | {"origin": "https://evil.example"}}
    assert call(handler, "PATCH", "/api/v1/me", cookies=[cookie], **foreign)["statusCode"] == 403
    own = request | {"headers": request["headers"] | {"origin": "https://atelier.example"}}
    answer = call(handler, "PATCH", "/api/v1/me", cookies=[cookie], **own)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["about"] == "Лисы и яблоки"


def test_a_picture_arrives_from_base64(handler: Handler, cookie: str) -> None:
    headers = {"content-type": "image/png", "origin": "https://atelier.example"}
    answer = call(handler, "POST", "/api/v1/uploads", body=picture(), headers=headers, cookies=[cookie])
    assert answer["statusCode"] == 201, answer
    assert json.loads(answer["body"])["width"] == 40


def test_the_query_string_arrives_as_it_was_written(handler: Handler) -> None:
    answer = call(handler, "GET", "/api/v1/results", query="q=%D0%BB%D0%B8%D1%81%D0%B0&sort=new&limit=5")
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"items": [], "next": None})
    twice = call(handler, "GET", "/api/v1/results", query="limit=5&limit=6")
    assert twice["statusCode"] == 422


def test_problems_and_empty_answers_arrive(handler: Handler, cookie: str) -> None:
    missing = call(handler, "GET", "/api/v1/nothing")
    assert (missing["statusCode"], missing["headers"]["content-type"]) == (404, "application/problem+json")
    headers = {"origin": "https://atelier.example"}
    out = call(handler, "DELETE", "/api/v1/sessions/current", cookies=[cookie], headers=headers)
    assert (out["statusCode"], out.get("body")) == (204, "")
    assert call(handler, "GET", "/api/v1/me", cookies=[cookie])["statusCode"] == 401


def test_guests_are_counted_by_the_caller_s_address(handler: Handler) -> None:
    statuses = [call(handler, "POST", "/api/v1/accounts/guest")["statusCode"] for _ in range(6)]
    assert statuses == [201] * 5 + [429]


@pytest.mark.parametrize("more", [{"origin_secret": "known to CloudFront"}])
def test_nobody_comes_in_past_cloudfront(handler: Handler) -> None:
    for headers in ({}, {"x-origin-secret": "guessed"}, {"x-origin-secret": "известный"}):
        answer = call(handler, "GET", "/api/v1/results", headers=headers)
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (403, "forbidden")
    known = {"x-origin-secret": "known to CloudFront"}
    assert call(handler, "GET", "/api/v1/results", headers=known)["statusCode"] == 200


@pytest.mark.parametrize("more", [{"database_iam": "true", "pool_size": "1"}])
def test_the_function_logs_in_with_tokens_of_its_own(handler: Handler) -> None:
    assert call(handler, "GET", "/api/v1/health")["statusCode"] == 200
    pool = handler.app.state.services.pool  # type: ignore[attr-defined]
    with pool.connection() as conn:
        assert "Action=connect" in conn.info.password


def test_a_problem_names_the_invocation(handler: Handler) -> None:
    answer = call(handler, "GET", "/api/v1/me")
    assert json.loads(base64.b64decode(answer["body"]))["request_id"] == REQUEST_ID
    assert answer["headers"]["x-request-id"] == REQUEST_ID
