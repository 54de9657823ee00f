"""One origin for page, API and media: what goes where, and with which headers."""

from typing import Any

import boto3
import pytest
from botocore.config import Config
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from infra.local.media import Media
from infra.local.queues import BUCKET
from infra.local.settings import SiteSettings
from infra.local.site import Page, Site
from tests.infra.local.services import RunningHome

_FOLDER = f"media/{'b' * 32}"


@pytest.fixture(scope="module")
def site(running_home: RunningHome, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    dist = tmp_path_factory.mktemp("dist")
    (dist / "assets").mkdir()
    (dist / "index.html").write_text("<!doctype html><title>Atelier</title>")
    (dist / "assets" / "index-1a2b.js").write_text("console.log(1)")
    (dist / ".stamp").write_text("private")
    (dist.parent / "secret.txt").write_text("private")
    settings = SiteSettings(aws_endpoint_url="", media_bucket=BUCKET, listen_fd=0, web_dist=dist)
    media = Media(running_home.client("s3"), bucket=BUCKET)
    return TestClient(Site(api=PlainTextResponse("api"), media=media, page=Page(settings)))


def _put(running: RunningHome, key: str, body: bytes, kind: str) -> None:
    running.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body, ContentType=kind)


@pytest.mark.parametrize("path", ["/", "/runs/0199", "/pipelines/new"])
def test_addresses_of_the_page_answer_with_index_html(site: TestClient, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 200
    assert "<title>Atelier</title>" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_link_to_a_result_is_answered_by_the_api_and_as_safe_as_the_page(site: TestClient) -> None:
    answer = site.get("/results/0199")
    assert answer.text == "api"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_hashed_files_are_kept_for_ever(site: TestClient) -> None:
    answer = site.get("/assets/index-1a2b.js")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path",
    ["/assets/gone.js", "/.stamp", "/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/a%00.js"],
)
def test_files_that_are_not_of_the_page_are_not_found(site: TestClient, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 404
    assert "private" not in answer.text


@pytest.mark.parametrize("path", ["/api", "/api/v1/health", "/api/docs"])
def test_api_addresses_go_to_the_api(site: TestClient, path: str) -> None:
    assert site.get(path).text == "api"


def test_a_page_cannot_be_posted_to(site: TestClient) -> None:
    assert site.post("/").status_code == 405


@pytest.mark.parametrize("size", [3, 1_000_000])
def test_media_come_whole_and_cannot_run(site: TestClient, running_home: RunningHome, size: int) -> None:
    _put(running_home, f"{_FOLDER}/0.png", b"p" * size, "image/png")
    answer = site.get(f"/{_FOLDER}/0.png")
    assert answer.content == b"p" * size
    expected: dict[str, Any] = {
        "content-type": "image/png",
        "cache-control": "max-age=86400",
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox",
        "content-length": str(size),
    }
    assert {name: answer.headers[name] for name in expected} == expected


def test_media_that_the_browser_has_are_not_sent_again(site: TestClient, running_home: RunningHome) -> None:
    _put(running_home, f"{_FOLDER}/1.png", b"picture", "image/png")
    etag = site.get(f"/{_FOLDER}/1.png").headers["etag"]
    again = site.get(f"/{_FOLDER}/1.png", headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/octet-stream", "text/plain"])
def test_types_that_could_do_something_are_not_served(site: TestClient, running_home: RunningHome, kind: str) -> None:
    _put(running_home, f"{_FOLDER}/2.txt", b"<script>", kind)
    assert site.get(f"/{_FOLDER}/2.txt").status_code == 404


@pytest.mark.parametrize("prefix", ["uploads", "hidden", "control"])
def test_nothing_outside_media_is_served(site: TestClient, running_home: RunningHome, prefix: str) -> None:
    _put(running_home, f"{prefix}/{'b' * 32}/0.png", b"private", "image/png")
    for path in (f"/{prefix}/{'b' * 32}/0.png", f"/media/../{prefix}/{'b' * 32}/0.png", f"/media/..%2f{prefix}/0.png"):
        assert b"private" not in site.get(path).content


def test_text_outputs_are_served_as_plain_text(site: TestClient, running_home: RunningHome) -> None:
    _put(running_home, f"{_FOLDER}/0.txt", "лиса".encode(), "text/plain; charset=utf-8")
    assert site.get(f"/{_FOLDER}/0.txt").text == "лиса"


def test_media_that_are_gone_are_not_remembered_as_gone(site: TestClient) -> None:
    answer = site.get(f"/media/{'c' * 32}/0.png")
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


def test_media_that_the_storage_does_not_give_right_now_are_asked_for_again() -> None:
    nobody = boto3.client(
        "s3",
        endpoint_url="http://127.0.0.1:1",
        config=Config(retries={"max_attempts": 1}),
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    answer = TestClient(Media(nobody, bucket=BUCKET)).get(f"/media/{'c' * 32}/0.png")
    assert (answer.status_code, answer.headers["cache-control"], answer.headers["retry-after"]) == (
        503,
        "no-store",
        "2",
    )
