"""`make check` shows what a failed check said, and nothing of one that passed."""

import sys

import pytest

from tests import checks
from tests.checks import Check


def _a_check(name: str, status: int) -> Check:
    return Check(
        name, (sys.executable, "-c", f"print('words of {name}'); raise SystemExit({status})"), f"advice on {name}"
    )


def test_a_failed_check_is_quoted_with_its_advice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checks, "CHECKS", (_a_check("good", 0), _a_check("bad", 3)))
    assert checks.main() == 1
    said = capsys.readouterr().out
    assert "words of bad" in said
    assert "advice on bad" in said
    assert "words of good" not in said


def test_checks_that_all_pass_end_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECKS", (_a_check("good", 0), _a_check("better", 0)))
    assert checks.main() == 0
