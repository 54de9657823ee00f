"""Texts as people type them: composed, with something to see, and compared without what does not matter."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contract.kinds import TextParams
from contract.text import Text, fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("café", unicodedata.normalize("NFD", "café")),
        ("ёлка", "Елка"),
        ("cat", "c\u200bat"),
        ("full", "ｆｕｌｌ"),
        ("ГРУЗОВИК", "грузовик"),
        ("ﬁre", "fire"),
        ("a  b", " a b "),
        ("naïve", "NAIVE"),
    ],
)
def test_what_people_take_for_the_same_is_compared_as_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("май", "маи"), ("cat", "cut"), ("日", "本"), ("🍎", "🍏")])
def test_what_is_another_word_stays_another(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_a_text_is_composed() -> None:
    decomposed = unicodedata.normalize("NFD", "Мой рай, café")
    assert TypeAdapter(Text).validate_python(decomposed) == "Мой рай, café"


@pytest.mark.parametrize("blank", [" ", "\u200b", "\u200e", "\u0301", "\u2066\u2069 \n"])
def test_a_prompt_that_shows_nothing_is_none(blank: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TextParams(prompt=blank)
    assert [error["type"] for error in refused.value.errors()] == ["blank"]
