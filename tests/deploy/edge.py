"""What lies between a browser and the stage: CloudFront's behaviours, the site's name and its TLS, on a local address.

MiniStack's CloudFront takes no HTTP API of its own as an origin, so the behaviours are played here; what CloudFront is
told by the stack is for tests/infra/stacks/test_web.py.
"""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.deploy.deployment import STAGE, Deployment

SITE = "site.example"
_NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class _Forwarder(BaseHTTPRequestHandler):
    """Media from the bucket, everything else from the HTTP API, as if it had come over TLS."""

    protocol_version = "HTTP/1.1"
    server: "_Edge"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/media/"):
            self._answer_media()
        else:
            self._forward(body)

    def _answer_media(self) -> None:
        try:
            found = self.server.s3.get_object(Bucket=self.server.media, Key=self.path[1:])
        except self.server.s3.exceptions.NoSuchKey:
            self._answer(404, [], b"")
            return
        self._answer(200, [("Content-Type", found["ContentType"])], found["Body"].read())

    def _forward(self, body: bytes) -> None:
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=60)
        try:
            upstream.request(self.command, self.server.api_path + self.path, body=body, headers=self._headers())
            answer = upstream.getresponse()
            self._answer(answer.status, answer.getheaders(), answer.read())
        finally:
            upstream.close()

    def _headers(self) -> dict[str, str]:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in {"connection", "host"}}
        if headers.get("Origin") == self.server.address:
            headers["Origin"] = f"https://{SITE}"
        return {**headers, "X-Forwarded-Host": SITE, "X-Origin-Secret": self.server.secret}

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _NOT_PASSED_ON:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: the servers behind it keep logs."""


class _Edge(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(("127.0.0.1", 0), _Forwarder)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.upstream = urlsplit(deployment.endpoint).netloc
        self.api_path = api_path(deployment)
        self.secret = origin_secret(deployment)
        self.media = deployment.bucket("Media")
        self.s3 = deployment.aws("s3")


def api_path(deployment: Deployment) -> str:
    """Where the HTTP API answers below MiniStack's address."""
    (api_id,) = deployment.resources("api", "AWS::ApiGatewayV2::Api").values()
    return f"/_aws/execute-api/{api_id}/$default"


def origin_secret(deployment: Deployment) -> str:
    """What CloudFront sends along; the API answers nobody else."""
    configuration = deployment.aws("lambda").get_function_configuration(FunctionName=f"atelier-{STAGE}-api")
    return str(configuration["Environment"]["Variables"]["ATELIER_ORIGIN_SECRET"])


@contextmanager
def an_address_of(deployment: Deployment) -> Iterator[str]:
    """A local address under which the stage's site answers, as long as the block."""
    with _Edge(deployment) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.address
        finally:
            server.shutdown()
            thread.join()
