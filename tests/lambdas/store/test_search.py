"""The database folds as the contract does, and takes whatever people search for."""

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.text import fold
from lambdas.domain import search

_STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
_SAMPLES = [
    "Café",
    "Ёлка",
    "й ий Й",
    "ｆｕｌｌ",
    "c\u200bat",
    "İstanbul",
    "ǅ",
    "שָׁלוֹם",
    "مَرحَبا",
    "が",
    "ﬁ",
    " a\n\tb ",
    "🍎\ufe0f",
]
_OPERATORS = st.lists(
    st.sampled_from(["-", '"', "or", "cat", " ", "(", ")", "|", "&", "!", ":", "*", "<->", "кот", "\\", "'"])
)


def database_fold(conn: psycopg.Connection, text: str) -> str:
    (row,) = conn.execute("SELECT fold(%s)", (text,))
    return row[0]


@pytest.mark.parametrize("text", _SAMPLES)
def test_the_database_folds_as_the_contract_does(conn: psycopg.Connection, text: str) -> None:
    assert database_fold(conn, text) == fold(text)


def found(conn: psycopg.Connection, text: str, wanted: str) -> bool:
    (row,) = conn.execute("SELECT search_words(%s) @@ search_query(%s)", (text, search.fit(wanted)))
    return bool(row[0])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A naïve café", "cafe"),
        ("Ёлка в лесу", "елки"),
        ("Рыжие лисы", "ЛИСА"),
        ("ｆｕｌｌ moon", "full"),
        ("東京の夜景", "夜景"),
        ("two red foxes", '"red fox"'),
        ("two red foxes", "fox -dog"),
        ("c\u200bat", "cat"),
        ("red fox", "- - - - fox"),
    ],
)
def test_a_text_is_found_by(conn: psycopg.Connection, text: str, wanted: str) -> None:
    assert found(conn, text, wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("fox and dog", "fox -dog"), ("fox and dog", "fox --dog"), ("red old fox", '"red fox"')],
)
def test_a_text_is_not_found_by(conn: psycopg.Connection, text: str, wanted: str) -> None:
    assert not found(conn, text, wanted)


@pytest.mark.parametrize(
    "wanted",
    ["-" * 200, "- " * 100, "-a " * 66, '"' * 200, "-" * 199 + "a", "a -" * 66, "\u200b", "🍎", "مرحبا", "or " * 66],
)
def test_no_search_breaks(conn: psycopg.Connection, wanted: str) -> None:
    assert found(conn, "fox", wanted) in {True, False}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(wanted=st.one_of(_OPERATORS.map("".join), _STORABLE).map(lambda text: text[:200]))
def test_no_search_breaks_whatever_it_is(conn: psycopg.Connection, wanted: str) -> None:
    assert found(conn, "fox", wanted) in {True, False}
