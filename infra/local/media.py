"""Serves outputs from S3 as CloudFront does: only what is under media/, only types that cannot run in a page."""

import re
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from contract.keys import MEDIA_PREFIX

_TYPES = {"image/png", "image/jpeg", "image/webp", "image/avif", "text/plain; charset=utf-8"}
_KEY = re.compile(rf"{MEDIA_PREFIX}[0-9a-f]{{32}}/[A-Za-z0-9._-]{{1,100}}")
_HEADERS = {
    "Cache-Control": "max-age=86400",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NOT_KEPT = {**_HEADERS, "Cache-Control": "no-store"}
"""A picture that is hidden or out of reach now may be shown again."""
_CHUNK_BYTES = 256 * 1024


class Media:
    """An ASGI app for `/media/…`."""

    def __init__(self, s3: Any, *, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        response = await run_in_threadpool(self._answer, request)
        await response(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return Response(status_code=405, headers={**_NOT_KEPT, "Allow": "GET, HEAD"})
        key = request.url.path.removeprefix("/")
        if not _KEY.fullmatch(key):
            return _not_found()
        asked = {"IfNoneMatch": etag} if (etag := request.headers.get("if-none-match")) else {}
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=key, **asked)
        except ClientError as error:
            return _refusal(error, request)
        except BotoCoreError:
            return _unavailable()
        return _serve(found, request)


def _refusal(error: ClientError, request: Request) -> Response:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    if status == 304:
        return Response(status_code=304, headers={"ETag": request.headers["if-none-match"], **_HEADERS})
    return _not_found() if status in {403, 404} else _unavailable()


def _serve(found: dict[str, Any], request: Request) -> Response:
    media_type = str(found.get("ContentType", ""))
    if media_type not in _TYPES:
        found["Body"].close()
        return _not_found()
    headers = {"ETag": found["ETag"], "Content-Length": str(found["ContentLength"]), "Content-Type": media_type}
    if request.method == "HEAD":
        found["Body"].close()
        return Response(headers={**headers, **_HEADERS})
    if found["ContentLength"] <= _CHUNK_BYTES:
        return Response(found["Body"].read(), headers={**headers, **_HEADERS})
    return StreamingResponse(_chunks(found["Body"]), headers={**headers, **_HEADERS})


def _chunks(body: Any) -> Iterator[bytes]:
    try:
        yield from body.iter_chunks(_CHUNK_BYTES)
    finally:
        body.close()


def _not_found() -> Response:
    return Response("Not found.", 404, headers=_NOT_KEPT, media_type="text/plain")


def _unavailable() -> Response:
    return Response(
        "The storage does not answer.", 503, headers={**_NOT_KEPT, "Retry-After": "2"}, media_type="text/plain"
    )
