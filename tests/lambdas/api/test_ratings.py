"""Stars: who may give them, and what the sums become."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import psycopg
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.store import pipelines, ratings, results
from tests.lambdas.api.people import Person, a_pipeline, code, sign_up
from tests.lambdas.builders import a_finished_run, someone_waits
from tests.wait import until


def test_a_rating_counts_at_once_and_is_remembered(ana: Person, ben: Person) -> None:
    made = a_pipeline(ana)
    path = f"/pipelines/{made['id']}/rating"
    assert ben.put(path, {"stars": 5}).json() == {"average": 5.0, "count": 1, "score": 3.4, "mine": 5}
    assert ben.put(path, {"stars": 2}).json() == {"average": 2.0, "count": 1, "score": 2.8, "mine": 2}
    assert ben.get(f"/pipelines/{made['id']}").json()["rating"]["mine"] == 2
    assert ana.get(f"/pipelines/{made['id']}").json()["rating"] == {
        "average": 2.0,
        "count": 1,
        "score": 2.8,
        "mine": None,
    }
    assert ben.delete(path).status_code == 204
    assert ben.delete(path).status_code == 204, "there is nothing left to take back"
    assert ben.get(f"/pipelines/{made['id']}").json()["rating"]["count"] == 0


def test_nobody_rates_their_own(ana: Person) -> None:
    made = a_pipeline(ana)
    assert code(ana.put(f"/pipelines/{made['id']}/rating", {"stars": 5})) == (409, "own_pipeline")


def test_guests_do_not_rate(ana: Person, guest: Person) -> None:
    made = a_pipeline(ana)
    assert code(guest.put(f"/pipelines/{made['id']}/rating", {"stars": 5})) == (403, "full_account_needed")


def test_stars_are_one_to_five(ana: Person, ben: Person) -> None:
    made = a_pipeline(ana)
    for stars in (0, 6, 2.5, "5", True, None):
        assert code(ben.put(f"/pipelines/{made['id']}/rating", {"stars": stars})) == (422, "invalid"), stars


def test_results_rank_as_their_pipeline_does(ana: Person, ben: Person, conn: psycopg.Connection) -> None:
    made = a_pipeline(ana)
    run = a_finished_run(conn, account=ana.id, pipeline=made["id"])
    result = ana.put(f"/runs/{run}/result", {}).json()
    ben.put(f"/pipelines/{made['id']}/rating", {"stars": 5})
    after = ben.get(f"/results/{result['id']}").json()
    assert after["pipeline"]["rating"] == {"average": 5.0, "count": 1, "score": 3.4}
    assert copies(conn) == [(True,)]
    ben.delete(f"/pipelines/{made['id']}/rating")
    assert copies(conn) == [(True,)]


def test_who_rates_and_who_withdraws_a_result_never_wait_for_each_other(
    ana: Person, ben: Person, conn: psycopg.Connection, database: str
) -> None:
    pipeline = a_pipeline(ana)["id"]
    run = a_finished_run(conn, account=ana.id, pipeline=pipeline)
    ana.put(f"/runs/{run}/result", {})

    def withdraw() -> None:
        with psycopg.connect(database) as other:
            results.withdraw(other, run_id=run, account_id=UUID(ana.id))

    with ThreadPoolExecutor() as pool:
        with conn.transaction():
            pipelines.lock_visible(conn, UUID(pipeline), viewer_id=UUID(ben.id))
            withdrawing = pool.submit(withdraw)
            until(lambda: someone_waits(conn))
            ratings.rate(conn, pipeline_id=UUID(pipeline), account_id=UUID(ben.id), stars=5)
        withdrawing.result()
    (row,) = conn.execute("SELECT rating_count, result_count FROM pipelines WHERE id = %s", (pipeline,))
    assert row == (1, 0)


def copies(conn: psycopg.Connection) -> list[tuple[bool]]:
    """Whether each leading result says of its pipeline's rank what the pipeline does."""
    return conn.execute(
        "SELECT DISTINCT r.top = p.score AND r.trend = p.hot FROM results r JOIN pipelines p ON p.id = r.pipeline_id"
        " WHERE r.leads"
    ).fetchall()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers(1, 5)), max_size=12))
def test_the_sums_are_those_of_the_stars_whoever_gives_or_takes_them(
    app: FastAPI, conn: psycopg.Connection, moves: list[tuple[int, int | None]]
) -> None:
    conn.execute("TRUNCATE accounts, pipelines CASCADE")
    author = sign_up(app, "author")
    pipeline = a_pipeline(author)["id"]
    raters = [sign_up(app, f"rater-{n}") for n in range(4)]
    for who, stars in moves:
        if stars is None:
            ratings.withdraw(conn, pipeline_id=pipeline, account_id=raters[who].id)
        else:
            ratings.rate(conn, pipeline_id=pipeline, account_id=raters[who].id, stars=stars)
    given_stars = dict(moves)
    expected = [stars for stars in given_stars.values() if stars is not None]
    (row,) = conn.execute("SELECT rating_count, rating_sum, score, weak FROM pipelines WHERE id = %s", (pipeline,))
    assert row[:2] == (len(expected), sum(expected))
    assert row[2] == (12 + sum(expected)) / (4 + len(expected))
    assert row[3] == (len(expected) >= 5 and row[2] < 2.5)
