"""The lists of pipelines and results: orders, filters, pages."""

import string
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.lambdas.api.people import SPEC, Person, a_pipeline, code, locs
from tests.lambdas.builders import a_finished_run

LISTS = ["/pipelines", "/results"]


@pytest.fixture
def gallery(ana: Person, conn: psycopg.Connection) -> Callable[..., dict[str, Any]]:
    """Make a pipeline with one published result."""

    def made(
        *, subject: str = "fox", scene: str = "It sleeps.", person: Person = ana, **changes: Any
    ) -> dict[str, Any]:
        pipeline = a_pipeline(person, **changes)
        run = a_finished_run(conn, account=person.id, pipeline=pipeline["id"], subject=subject, scene=scene)
        result = person.put(f"/runs/{run}/result", {}).json()
        return {"pipeline": pipeline["id"], "result": result["id"]}

    return made


def rate(conn: psycopg.Connection, pipeline: str, *, count: int, stars: int) -> None:
    """What `count` ratings of so many stars leave behind."""
    conn.execute(
        "UPDATE pipelines SET rating_count = %s, rating_sum = %s WHERE id = %s", (count, count * stars, pipeline)
    )
    conn.execute(
        "UPDATE results r SET top = p.score, trend = p.hot FROM pipelines p WHERE p.id = r.pipeline_id AND r.leads"
    )


def titles(person: Person, path: str, **params: Any) -> list[str]:
    answer = person.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


@pytest.mark.parametrize("path", LISTS)
def test_the_best_come_first_unless_the_newest_are_wanted(
    ana: Person, conn: psycopg.Connection, gallery: Callable[..., dict[str, Any]], path: str
) -> None:
    for title, count, stars in (("good", 20, 5), ("fair", 20, 3), ("lucky", 1, 5)):
        rate(conn, gallery(title=title)["pipeline"], count=count, stars=stars)
    assert titles(ana, path) == ["good", "lucky", "fair"]
    assert titles(ana, path, sort="new") == ["lucky", "fair", "good"]


@pytest.mark.parametrize("path", LISTS)
def test_trending_weighs_age_against_ratings(
    ana: Person, conn: psycopg.Connection, gallery: Callable[..., dict[str, Any]], path: str
) -> None:
    for title, days, count in (("fresh", 0, 0), ("loved", 3, 30), ("old and loved", 30, 30)):
        ids = gallery(title=title)
        conn.execute(
            "UPDATE pipelines SET created_at = now() - make_interval(days => %s) WHERE id = %s", (days, ids["pipeline"])
        )
        rate(conn, ids["pipeline"], count=count, stars=5)
    assert titles(ana, path, sort="trending") == ["loved", "fresh", "old and loved"]


@pytest.mark.parametrize("path", LISTS)
def test_what_many_rate_low_is_left_out_unless_asked_for(
    ana: Person, ben: Person, conn: psycopg.Connection, gallery: Callable[..., dict[str, Any]], path: str
) -> None:
    for title, count, stars in (("weak", 5, 1), ("four low ratings", 4, 1), ("unrated", 0, 0), ("liked", 5, 5)):
        rate(conn, gallery(title=title)["pipeline"], count=count, stars=stars)
    assert titles(ben, path) == ["liked", "unrated", "four low ratings"]
    assert titles(ben, path, min_rating=1) == ["liked", "four low ratings", "weak"], "unrated ones fail it"
    assert titles(ben, path, min_rating=3.5) == ["liked"]
    assert titles(ben, path, author="ana") == ["liked", "unrated", "four low ratings"]
    assert titles(ana, path, author="ana") == ["liked", "unrated", "four low ratings", "weak"], (
        "one's own are all there"
    )


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("foxes", {"fox"}),
        ("FOX", {"fox"}),
        ("лисы", {"лиса"}),
        ("Лису", {"лиса"}),
        ("meadow", {"fox"}),
        ("forest", {"лиса"}),
        ("tagged", {"fox"}),
        ('"green meadow"', {"fox"}),
        ('"meadow green"', set()),
        ("fox -meadow", set()),
        ("fox or лиса", {"fox", "лиса"}),
        ("nothing", set()),
        ("the", set()),
        ("'\"\\ & | ! :*", set()),
    ],
)
def test_words_are_found_in_both_languages(
    ana: Person, gallery: Callable[..., dict[str, Any]], path: str, q: str, found: set[str]
) -> None:
    gallery(title="fox", description="In a green meadow.", tags=["tagged"])
    prompt = {"prompt": "Walks in the forest"}
    gallery(title="лиса", spec={"steps": [SPEC["steps"][0] | {"params": prompt}]}, subject="a forest")
    assert set(titles(ana, path, q=q)) == found


def test_a_result_is_found_by_its_resolved_prompts_and_texts(
    ana: Person, gallery: Callable[..., dict[str, Any]]
) -> None:
    gallery(title="fox", scene="Wearing sunglasses.")
    assert titles(ana, "/results", q="sunglasses") == ["fox"]
    assert titles(ana, "/pipelines", q="sunglasses") == []


def test_a_result_is_found_by_what_its_pipeline_said_when_it_was_published(
    ana: Person, gallery: Callable[..., dict[str, Any]]
) -> None:
    ids = gallery(title="fox", description="Marvellous", tags=["old"])
    ana.patch(f"/pipelines/{ids['pipeline']}", {"description": "Dull", "tags": ["new"]})
    assert titles(ana, "/results", q="marvellous") == ["fox"]
    assert titles(ana, "/results", q="dull") == titles(ana, "/results", tag="new") == []
    assert titles(ana, "/results", tag="old") == ["fox"]
    assert titles(ana, "/pipelines", q="dull") == titles(ana, "/pipelines", tag="new") == ["fox"]
    ana.patch(f"/pipelines/{ids['pipeline']}", {"visibility": "unlisted"})
    assert titles(ana, "/results") == ["fox"], "its author published it"


@pytest.mark.parametrize("path", LISTS)
def test_filters_narrow_and_combine(
    ana: Person, ben: Person, gallery: Callable[..., dict[str, Any]], path: str
) -> None:
    gallery(title="one", tags=["a", "b"])
    gallery(title="two", tags=["b"])
    gallery(title="three", tags=["b"], person=ben)
    assert set(titles(ana, path, tag="B ")) == {"one", "two", "three"}
    assert titles(ana, path, tag="a") == ["one"]
    assert titles(ana, path, author="ben") == ["three"]
    assert titles(ana, path, author="nobody") == []
    assert set(titles(ana, path, author="ana", tag="b", kind="image", model="demo-emoji")) == {"one", "two"}
    assert titles(ana, path, kind="edit") == []
    assert titles(ana, path, model="unknown-model") == []


def test_results_of_one_pipeline(ana: Person, gallery: Callable[..., dict[str, Any]]) -> None:
    ids = gallery(title="one")
    gallery(title="two")
    assert titles(ana, "/results", pipeline=ids["pipeline"]) == ["one"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("sort", ["top", "new", "trending"])
def test_pages_neither_skip_nor_repeat(
    ana: Person, conn: psycopg.Connection, gallery: Callable[..., dict[str, Any]], path: str, sort: str
) -> None:
    for number in range(7):
        rate(conn, gallery(title=str(number))["pipeline"], count=number % 2, stars=4)
    whole = titles(ana, path, sort=sort)
    assert len(whole) == 7
    seen, cursor = [], None
    while True:
        page = ana.get(path, params={"sort": sort, "limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["title"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == whole


def test_what_comes_while_one_pages_shifts_nothing(ana: Person, gallery: Callable[..., dict[str, Any]]) -> None:
    for number in range(4):
        gallery(title=str(number))
    first = ana.get("/results", params={"sort": "new", "limit": 2}).json()
    gallery(title="late")
    second = ana.get("/results", params={"sort": "new", "limit": 2, "cursor": first["next"]}).json()
    assert [item["title"] for item in first["items"] + second["items"]] == ["3", "2", "1", "0"]


def test_a_cursor_belongs_to_its_query(ana: Person, gallery: Callable[..., dict[str, Any]]) -> None:
    for number in range(3):
        gallery(title=str(number))
    cursor = ana.get("/results", params={"limit": 1, "kind": "image"}).json()["next"]
    assert ana.get("/results", params={"limit": 2, "kind": "image", "cursor": cursor}).status_code == 200
    for path, params in (
        ("/results", {"limit": 1, "kind": "text"}),
        ("/results", {"limit": 1}),
        ("/results", {"limit": 1, "kind": "image", "sort": "new"}),
        ("/pipelines", {"limit": 1, "kind": "image"}),
    ):
        assert code(ana.get(path, params=params | {"cursor": cursor})) == (422, "bad_cursor")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cursor=st.text(min_size=1, max_size=80) | st.binary(min_size=1, max_size=60).map(lambda b: b.hex()))
def test_a_made_up_cursor_is_refused(ana: Person, cursor: str) -> None:
    answer = ana.get("/results", params={"cursor": cursor})
    assert code(answer)[0] == 422


def test_a_tampered_cursor_is_refused(ana: Person, gallery: Callable[..., dict[str, Any]]) -> None:
    for number in range(2):
        gallery(title=str(number))
    cursor = ana.get("/results", params={"limit": 1}).json()["next"]
    changed = [cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in range(0, len(cursor), 7)]
    respelt = [cursor[:-1] + letter for letter in string.ascii_letters if letter != cursor[-1]]
    for wrong in (*changed, *respelt, f"{cursor}==", cursor[:-1]):
        answer = ana.get("/results", params={"limit": 1, "cursor": wrong})
        assert code(answer) == (422, "bad_cursor"), wrong
        assert locs(answer) == [["query", "cursor"]]


def test_tags_are_shown_as_written_and_compared_folded(ana: Person, gallery: Callable[..., dict[str, Any]]) -> None:
    ids = gallery(title="tree", tags=["Ёлка", "елка", "Café", "cafe\u0301", "cat", "c\u200bat"])
    assert ana.get(f"/pipelines/{ids['pipeline']}").json()["tags"] == ["Ёлка", "Café", "cat"]
    for tag in ("ЕЛКА", "ёлка", "cafe", "CAFÉ", "cat", " cat "):
        assert titles(ana, "/pipelines", tag=tag) == titles(ana, "/results", tag=tag) == ["tree"], tag


@pytest.mark.parametrize("q", ["-" * 33, "- " * 100, '"' * 33, "🍎", "مرحبا", "word " * 40, "\u200b"])
def test_no_search_fails(anyone: TestClient, q: str) -> None:
    for noun in ("results", "pipelines"):
        assert anyone.get(f"/api/v1/{noun}", params={"q": q}).json()["items"] == []


@pytest.mark.parametrize("title", ["\u200b", "\u202e", "\u2066\u2069"])
def test_a_title_that_shows_nothing_is_refused(ana: Person, title: str) -> None:
    answer = ana.post("/pipelines", {"title": title, "spec": SPEC})
    assert [fault["code"] for fault in answer.json()["errors"]] == ["blank"]


def test_lists_are_narrowed_to_a_language(ana: Person, gallery: Callable[..., dict[str, Any]]) -> None:
    russian = [SPEC["steps"][0] | {"params": {"prompt": "Опиши лису в лесу."}}]
    gallery(title="A fox")
    gallery(title="Лиса", scene="Рыжая лиса спит под дубом.", spec=SPEC | {"steps": [*russian, SPEC["steps"][1]]})
    assert titles(ana, "/pipelines", lang="en") == titles(ana, "/results", lang="en") == ["A fox"]
    assert titles(ana, "/pipelines", lang="ru") == titles(ana, "/results", lang="ru") == ["Лиса"]


def test_results_are_narrowed_to_a_seed(ana: Person, conn: psycopg.Connection, gallery: Callable[..., Any]) -> None:
    gallery(title="seven")
    pipeline = a_pipeline(ana, title="other")["id"]
    run = a_finished_run(conn, account=ana.id, pipeline=pipeline, seed=2**53 - 1)
    ana.put(f"/runs/{run}/result", {})
    assert titles(ana, "/results", seed=7) == ["seven"]
    assert titles(ana, "/results", seed=2**53 - 1) == ["other"]
    for wrong in ("-1", "1.0", "x", str(2**53)):
        answer = ana.get("/results", params={"seed": wrong})
        assert locs(answer) == [["query", "seed"]]


def test_lists_are_narrowed_to_a_period(
    ana: Person, conn: psycopg.Connection, gallery: Callable[..., dict[str, Any]]
) -> None:
    """Ids are drawn from the clock (RFC 9562), and a result keeps its id when it is published again."""
    for title, days in (("today", 0), ("last week", 5), ("last year", 200)):
        result = gallery(title=title)["result"]
        conn.execute(
            "UPDATE results SET id = first_id(now() - make_interval(days => %s)) WHERE id = %s", (days, result)
        )
    found = {period: set(titles(ana, "/results", period=period)) for period in ("day", "week", "month", "year", "all")}
    assert found["day"] == {"today"}
    assert found["week"] == found["month"] == {"today", "last week"}
    assert found["year"] == found["all"] == {"today", "last week", "last year"}
    assert len(titles(ana, "/pipelines", period="day")) == 3
