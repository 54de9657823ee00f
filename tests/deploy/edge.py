"""What lies between a browser and CloudFront: the site's name and its TLS. A local address stands for both."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.deploy.deployment import Deployment

_NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class _Forwarder(BaseHTTPRequestHandler):
    """Hands a request on to the distribution of a name, as if it had come over TLS."""

    protocol_version = "HTTP/1.1"
    server: "_Edge"

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=60)
        try:
            upstream.request(self.command, self.path, body=body, headers=self._headers())
            answer = upstream.getresponse()
            self._answer(answer, answer.read())
        finally:
            upstream.close()

    def _headers(self) -> dict[str, str]:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in {"connection", "host"}}
        if headers.get("Origin") == self.server.address:
            headers["Origin"] = f"https://{self.server.site}"
        return {**headers, "Host": self.server.site, "X-Forwarded-Proto": "https"}

    def _answer(self, answer: http.client.HTTPResponse, body: bytes) -> None:
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _NOT_PASSED_ON:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _forward  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: the servers behind it keep logs."""


class _Edge(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(("127.0.0.1", 0), _Forwarder)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.upstream = urlsplit(deployment.endpoint).netloc
        self.site = urlsplit(deployment.outputs("web")["Address"]).netloc


def api_path(deployment: Deployment) -> str:
    """Where the HTTP API answers below MiniStack's address."""
    (api_id,) = deployment.resources("api", "AWS::ApiGatewayV2::Api").values()
    return f"/_aws/execute-api/{api_id}/$default"


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
