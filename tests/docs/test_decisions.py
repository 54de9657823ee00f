"""The index of the decisions has each of them, under its own title."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "adr"


def test_the_index_lists_each_decision_by_number_and_title() -> None:
    listed = re.findall(r"^\| (\d+) \| \[(.+)\]\((.+)\) \|$", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE)
    there = []
    for page in sorted(FOLDER.glob("0*.md")):
        number, title = page.read_text("utf-8").splitlines()[0].removeprefix("# ").split(". ", 1)
        there.append((number, title, page.name))
    assert listed == there
