"""What lies between a browser and CloudFront: the site's name and its TLS. A local address stands for both."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class _Forwarder(BaseHTTPRequestHandler):
    """Hands a request on to the site of a given name, as if it had come over TLS."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

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

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: the servers behind it keep logs."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *, endpoint: str, site: str) -> None:
        super().__init__(("127.0.0.1", 0), _Forwarder)
        self.upstream = urlsplit(endpoint).netloc
        self.site = site
        self.address = f"http://127.0.0.1:{self.server_port}"


@contextmanager
def an_address_of(site: str, *, endpoint: str) -> Iterator[str]:
    """A local address under which the site of this name answers, as long as the block."""
    with _Server(endpoint=endpoint, site=site) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.address
        finally:
            server.shutdown()
            thread.join()
