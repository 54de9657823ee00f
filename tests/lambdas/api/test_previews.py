"""A link to a result shows its title and picture wherever it is posted; whatever the title holds stays text."""

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from lambdas.api import page
from tests.lambdas.api.people import SITE, a_pipeline, sign_up
from tests.lambdas.builders import a_finished_run
from tests.services.ministack import a_bucket, aws

INDEX = """<!doctype html>
<html lang="en">
  <head>
    <title>Atelier</title>
    <script type="module" src="/assets/index-1a2b.js"></script>
  </head>
  <body><div id="root"></div></body>
</html>
"""
HOSTILE = [
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\\g<0> \\1 $1 & ' ` <!-- -->",
    "\u202e Лиса под дубом 🦊",
]


class Head(HTMLParser):
    """What a crawler reads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.title = ""
        self.meta: dict[str, str] = {}
        self.tags: list[str] = []
        self._in_title = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self._in_title = tag == "title"
        if tag == "meta" and found.get("property"):
            self.meta[found["property"] or ""] = found["content"] or ""

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


@pytest.fixture
def site(start: Callable[..., FastAPI], tmp_path: Path) -> TestClient:
    """A visitor without an account, on a site whose page is known."""
    (tmp_path / "index.html").write_text(INDEX)
    return TestClient(start(page=str(tmp_path / "index.html")), base_url=SITE)


def a_result(site: TestClient, conn: psycopg.Connection, *, title: str = "Sleeping fox") -> dict[str, object]:
    ana = sign_up(site.app, "ana")
    pipeline = a_pipeline(ana)
    run = a_finished_run(conn, account=ana.id, pipeline=pipeline["id"])
    answer = ana.put(f"/runs/{run}/result", {"title": title})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_link_to_a_result_introduces_it(site: TestClient, conn: psycopg.Connection) -> None:
    made = a_result(site, conn)
    answer = site.get(f"/results/{made['id']}?utm_source=chat")
    head = Head(answer.text)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    assert head.title == "Sleeping fox · Atelier"
    assert head.meta["og:title"] == "Sleeping fox"
    assert head.meta["og:description"] == "A red fox sleeps under an oak. · ana"
    assert head.meta["og:url"] == f"{SITE}/results/{made['id']}"
    assert head.meta["og:image"] == f"{SITE}{made['cover']['url']}"
    assert head.meta["twitter:card"] == "summary_large_image"
    assert '<script type="module" src="/assets/index-1a2b.js"></script>' in answer.text


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_cannot_become_markup(site: TestClient, conn: psycopg.Connection, title: str) -> None:
    made = a_result(site, conn, title=title)
    head = Head(site.get(f"/results/{made['id']}").text)
    assert head.title == f"{made['title']} · Atelier"
    assert head.meta["og:title"] == made["title"]
    assert head.tags.count("script") == 1
    assert "img" not in head.tags


def test_a_result_whose_cover_is_a_text_has_no_picture() -> None:
    cover = {"type": "text", "url": "/media/x/0.txt"}
    result = {"id": "1", "title": "Poem", "excerpt": "  One\n two " + "x" * 300, "author": None, "cover": cover}
    head = Head(page.introduced(INDEX, result, origin=SITE))
    assert "og:image" not in head.meta
    assert head.meta["twitter:card"] == "summary"
    assert head.meta["og:description"].startswith("One two xxx")
    assert len(head.meta["og:description"]) == 200


@pytest.mark.parametrize("name", ["01890000-0000-7000-8000-000000000000", "nothing", "%00", "..%2f..%2fetc"])
def test_a_link_to_nothing_shows_the_plain_page(site: TestClient, name: str) -> None:
    answer = site.get(f"/results/{name}")
    assert answer.status_code == 404
    if not name.startswith(".."):
        assert answer.text == INDEX


def test_a_crawler_may_ask_for_the_headers_alone(site: TestClient, conn: psycopg.Connection) -> None:
    made = a_result(site, conn)
    assert site.head(f"/results/{made['id']}").status_code == 200


def test_without_the_database_the_page_still_comes(start: Callable[..., FastAPI], tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(INDEX)
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1"
    app = start(page=str(tmp_path / "index.html"), database_url=nowhere)
    app.state.services.pool.timeout = 0.2
    answer = TestClient(app, base_url=SITE).get(f"/results/{uuid4()}")
    assert (answer.status_code, answer.text) == (503, INDEX)


def test_a_site_whose_page_is_unknown_has_no_previews(app: FastAPI) -> None:
    assert TestClient(app, base_url=SITE).get(f"/results/{uuid4()}").status_code == 404


def test_the_page_comes_from_the_bucket_and_a_new_one_within_a_minute(
    ministack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3, bucket = aws("s3", ministack), a_bucket(ministack, "site")
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"first")
    served = page.Page(f"s3://{bucket}/index.html", s3=lambda: s3)
    assert served.html() == "first"
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"second")
    assert served.html() == "first"
    now += 61
    assert served.html() == "second"
