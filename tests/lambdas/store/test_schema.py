"""What Python and PostgreSQL say twice they say alike."""

import re
from typing import Any, get_args

import psycopg
import pytest

from contract.catalogue import Queue
from contract.kinds import Medium
from lambdas.domain.pictures import Format
from lambdas.domain.states import RunState, TaskState
from lambdas.store.pipelines import Visibility


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("pipelines_visibility", Visibility),
        ("uploads_format", Format),
        ("runs_state", RunState),
        ("tasks_state", TaskState),
        ("tasks_queue", Queue),
        ("workers_queue", Queue),
        ("assets_type", Medium),
    ],
)
def test_a_check_allows_what_the_type_allows(conn: psycopg.Connection, constraint: str, values: Any) -> None:
    (row,) = conn.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", (constraint,))
    assert set(re.findall(r"'(\w+)'", row[0])) == set(get_args(values))


def test_a_refusal_says_which_rule_it_broke(conn: psycopg.Connection) -> None:
    for statement, rule in (
        ("INSERT INTO accounts (handle, guest) VALUES ('ana', false)", "accounts_full_ones_can_sign_in"),
        ("INSERT INTO accounts (handle, guest, email) VALUES ('ana', true, 'a@b.c')", "accounts_guests_cannot"),
        ("INSERT INTO accounts (handle, guest) VALUES ('Ana', true)", "accounts_handle"),
        (
            "INSERT INTO accounts (handle, guest, deleted_at) VALUES ('ana', true, now())",
            "accounts_deleted_ones_keep_no_identity",
        ),
    ):
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            conn.execute(statement)
        assert refused.value.diag.constraint_name == rule


def test_ranks_follow_from_ratings(conn: psycopg.Connection) -> None:
    (row,) = conn.execute(
        "SELECT score_of(143, 31), is_weak(2.49, 5), is_weak(2.5, 5), is_weak(1, 4),"
        " hotness('2026-01-02', 3, 0) - hotness('2026-01-01', 3, 100), hotness(now(), 4.4, 31) - hotness(now(), 3, 0)"
    )
    assert row[0] == pytest.approx(155 / 35)
    assert row[1:5] == (True, False, False, 1)
    assert row[5] == pytest.approx(4.85, abs=0.01)
