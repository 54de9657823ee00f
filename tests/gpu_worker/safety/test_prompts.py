"""The operator's list of refused words."""

import os
from pathlib import Path

import pytest

from contract.kinds import ImageParams, TextParams
from gpu_worker.failures import TaskFailure
from gpu_worker.safety.prompts import PromptFilter


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "refused.txt"


def _code(prompts: PromptFilter, prompt: str, *, system: str = "") -> str | None:
    try:
        prompts.check(TextParams(prompt=prompt, system=system))
    except TaskFailure as failure:
        return failure.code
    return None


@pytest.mark.parametrize(
    "prompt",
    [
        "a gun",
        "A GUN!",
        "gun",
        "two gunmen",
        "a \u200bg\u200du\u2060n",
        "a ｇｕｎ",
        "blood   and\nthunder",
        "большой Пистолет.",
    ],
)
def test_refused_words_are_found_however_they_are_written(path: Path, prompt: str) -> None:
    path.write_text("# weapons\ngun\ngunm*\nпистолет # in Russian too\n\nblood and thunder\n", "utf-8")
    assert _code(PromptFilter(path), prompt) == "prompt_refused"
    assert _code(PromptFilter(path), "a picture", system=prompt) == "prompt_refused"


@pytest.mark.parametrize("prompt", ["a begun race", "gunpowder", "blood or thunder", "# weapons", "in russian too"])
def test_other_words_pass(path: Path, prompt: str) -> None:
    path.write_text("# weapons\ngun\nпистолет # in Russian too\nblood and thunder\n", "utf-8")
    assert _code(PromptFilter(path), prompt) is None


def test_what_is_to_be_avoided_may_name_anything(path: Path) -> None:
    path.write_text("gun")
    PromptFilter(path).check(ImageParams(prompt="a fox", negative_prompt="a gun"))


def test_a_line_is_no_regular_expression(path: Path) -> None:
    path.write_text("(a+)+$\n[")
    assert _code(PromptFilter(path), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!") is None


def test_a_changed_list_counts_at_once(path: Path) -> None:
    path.write_text("gun")
    prompts = PromptFilter(path)
    assert _code(prompts, "a fox") is None
    path.write_text("fox")
    os.utime(path, ns=(1, 1))
    assert _code(prompts, "a fox") == "prompt_refused"
    path.write_text("# nothing")
    os.utime(path, ns=(2, 2))
    assert _code(prompts, "a fox") is None


def test_a_list_that_cannot_be_read_lets_nothing_pass(path: Path) -> None:
    assert _code(PromptFilter(path), "a fox") == "safety_unavailable"
    path.write_bytes(b"\xff\xfe\xfd")
    assert _code(PromptFilter(path), "a fox") == "safety_unavailable"
    assert _code(PromptFilter(None), "a fox") is None
