"""What CloudFront is on AWS: one origin for the page, the API and the media, on an inherited socket."""

import logging
import socket
import sys
from typing import Any

import boto3
import uvicorn
from botocore.config import Config
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from contract.logs import JsonFormatter
from infra.local.media import Media
from infra.local.settings import SiteSettings

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self';"
    " connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"


class Page:
    """The built web page: files by their path, and index.html for every address that the page itself routes."""

    def __init__(self, settings: SiteSettings) -> None:
        self._dist = settings.web_dist
        self._files = StaticFiles(directory=settings.web_dist, check_dir=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        response = await self._answer(scope)
        response.headers.update(_HEADERS)
        await response(scope, receive, send)

    async def _answer(self, scope: Any) -> Response:
        request = Request(scope)
        path = request.url.path
        if request.method not in {"GET", "HEAD"}:
            return Response(status_code=405, headers={"Allow": "GET, HEAD"})
        name = path.removeprefix("/")
        if name and not _is_hidden(name):
            full, found = self._files.lookup_path(name)
            if found is not None and (self._dist / name).is_file():
                cached = _FOR_EVER if name.startswith("assets/") else _ASK_EACH_TIME
                return FileResponse(full, stat_result=found, headers={"Cache-Control": cached})
        if "." in path.rsplit("/", 1)[-1]:
            return Response("Not found.", 404, media_type="text/plain")
        return FileResponse(self._dist / "index.html", headers={"Cache-Control": _ASK_EACH_TIME})


def _is_hidden(name: str) -> bool:
    return "\0" in name or any(part.startswith(".") for part in name.split("/"))


class Site:
    """An ASGI app that picks the part by the path; the API's life span is the site's."""

    def __init__(self, *, api: Any, media: Any, page: Any) -> None:
        self._api = api
        self._media = media
        self._page = page

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or path == "/api" or path.startswith("/api/"):
            await self._api(scope, receive, send)
        elif path.startswith("/media/"):
            await self._media(scope, receive, send)
        elif path.startswith("/results/"):
            await self._api(scope, receive, _with_headers(send))
        else:
            await self._page(scope, receive, send)


def _with_headers(send: Any) -> Any:
    """Let an answer of the API, a preview of a result, be served as the page is."""

    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
            message = {**message, "headers": [*message["headers"], *headers]}
        await send(message)

    return sending


def make_site() -> Site:
    """The site of this environment."""
    from lambdas.api.app import create_app
    from lambdas.api.settings import Settings

    settings = SiteSettings()  # type: ignore[call-arg]
    config = Config(max_pool_connections=40, retries={"max_attempts": 2}, s3={"addressing_style": "path"})
    s3: Any = boto3.client("s3", endpoint_url=settings.aws_endpoint_url, config=config)
    return Site(
        api=create_app(Settings()),  # type: ignore[call-arg]
        media=Media(s3, bucket=settings.media_bucket),
        page=GZipMiddleware(Page(settings), minimum_size=1000),
    )


def _log_as_json() -> None:
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[lines], level=logging.WARNING)
    logging.getLogger("lambdas").setLevel(logging.INFO)


def main() -> None:
    """Serve until SIGTERM."""
    _log_as_json()
    listening = socket.socket(fileno=SiteSettings().listen_fd)  # type: ignore[call-arg]
    config = uvicorn.Config(
        make_site(),
        access_log=False,
        log_config=None,
        # The address a client claims to have counts for guests' limits, and nothing stands before us here.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
