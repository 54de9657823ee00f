"""The READMEs in two languages say the same, name what exists, and the Makefile's help has every target."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READMES = (ROOT / "README.md", ROOT / "README.ru.md")
PAGES = (*READMES, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))


def _commands(page: Path) -> list[str]:
    """The commands of a page without what is said about them."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    return [line.split("  #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


def test_both_languages_have_the_same_commands_sections_and_folders() -> None:
    english, russian = READMES
    assert _commands(english) == _commands(russian)
    for sign in ("\n## ", "\n| `", "\n- **"):
        assert english.read_text("utf-8").count(sign) == russian.read_text("utf-8").count(sign)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_within_the_repository_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", [*READMES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_each_target_that_is_named_exists_and_is_explained(page: Path) -> None:
    helped = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    explained = set(re.findall(r"^  make (\w+) ", helped, re.MULTILINE))
    assert set(re.findall(r"(?:^|[`$])make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE)) <= explained


def test_the_way_in_lists_each_chapter_in_order() -> None:
    chapters = sorted((ROOT / "docs" / "architecture").glob("*.md"))
    listed = re.findall(r"\]\((docs/architecture/[^)]+)\)", (ROOT / "ARCHITECTURE.md").read_text("utf-8"))
    assert listed == [str(chapter.relative_to(ROOT)) for chapter in chapters]
