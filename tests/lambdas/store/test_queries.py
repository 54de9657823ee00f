"""Named queries with the parts that they share: put in when a file is read, and never from input."""

from importlib.resources import files
from typing import Any

import pytest

from lambdas.store import queries

NOUNS = sorted(path.name[:-4] for path in files("lambdas.store").joinpath("sql").iterdir() if path.name != "parts.sql")


def part_names(noun: str) -> set[str]:
    return set(queries._read(noun)["part"])


def test_every_slot_for_a_part_is_filled() -> None:
    for noun in NOUNS:
        for name, query in queries.load(noun).items():
            assert not queries._SLOT.search(query), f"{noun}.{name}"


def test_a_part_brings_its_text_and_not_its_comment() -> None:
    query = queries.load("runs")["read"]
    assert "json_build_object(" in query
    assert "-- " not in query.split("\n", 1)[1]


def test_every_part_is_used() -> None:
    texts = {noun: files("lambdas.store").joinpath("sql", f"{noun}.sql").read_text() for noun in (*NOUNS, "parts")}
    for noun in NOUNS:
        for part in part_names(noun):
            assert f"{{{part}}}" in texts[noun], f"{noun}.{part}"
    everything = "".join(texts.values())
    for part in part_names("parts"):
        assert f"{{{part}}}" in everything, part


def test_no_noun_has_a_part_of_a_shared_name() -> None:
    for noun in NOUNS:
        assert not part_names(noun) & part_names("parts"), noun


def test_a_part_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no part nothing"):
        queries._whole("SELECT {nothing}", {})


def test_no_two_queries_of_a_noun_share_a_name(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "parts.sql").write_text("")
    (tmp_path / "sql" / "things.sql").write_text("-- name: find\nSELECT 1\n\n-- name: find\nSELECT 2\n")
    monkeypatch.setattr(queries, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match="twice"):
        queries.load("things")
