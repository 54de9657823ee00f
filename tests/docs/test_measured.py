"""What a document calls measured stands in the benchmarks, with that figure."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "docs" / "benchmarks.md"
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES += sorted((ROOT / "docs" / "architecture").glob("*.md"))
_CLAIM = re.compile(r"\(measured(?:, `(?P<row>[\w.]+)`)?[^)]*\)")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def _rows() -> dict[str, list[str]]:
    """The numbers in the value of each row of the benchmarks, by the row's name."""
    cells = re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", BENCHMARKS.read_text("utf-8"), re.MULTILINE)
    return {
        name: _NUMBER.findall(re.sub(r", (?=\d)", " ; ", value))
        for names, value in cells
        for name in re.findall(r"`([\w.]+)`", names)
    }


def _claims(page: Path) -> list[tuple[str | None, str]]:
    """The row that each claim names, and the line up to the claim."""
    found = []
    for line in page.read_text("utf-8").splitlines():
        found += [(claim["row"], line[: claim.start()]) for claim in _CLAIM.finditer(line)]
    return found


@pytest.mark.parametrize("page", [page for page in PAGES if page != BENCHMARKS], ids=lambda page: page.name)
def test_a_figure_called_measured_is_that_of_a_row(page: Path) -> None:
    rows = _rows()
    for row, before in _claims(page):
        assert row in rows, f"{page.name}: “…{before[-60:]}” names no row of docs/benchmarks.md"
        numbers = _NUMBER.findall(before)
        assert set(rows[row]) <= set(numbers), f"{page.name}: {row} is {rows[row]} in docs/benchmarks.md"


def test_the_page_on_growth_makes_such_claims() -> None:
    assert len(_claims(ROOT / "docs" / "scale.md")) >= 5
