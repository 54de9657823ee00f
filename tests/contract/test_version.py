"""One version: of the project, its change log, its page and what the API says."""

import json
import re
import tomllib
from pathlib import Path

from contract.version import VERSION

ROOT = Path(__file__).parents[2]


def test_the_version_is_the_same_wherever_it_is_said() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
    assert json.loads((ROOT / "web" / "package.json").read_text())["version"] == VERSION
    assert json.loads((ROOT / "web" / "openapi.json").read_text())["info"]["version"] == VERSION


def test_the_change_log_begins_with_it() -> None:
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert newest[1] == VERSION
