"""Every reason for which a task fails is one that people can look up."""

import re
from typing import get_args

import pytest

from gpu_worker import failures
from lambdas.domain.states import GAVE_UP, WORKER_LOST
from tests.gpu_worker.models import REPOSITORY

CODES = {*get_args(failures.Code), GAVE_UP, WORKER_LOST}


def test_every_code_is_documented_and_no_other() -> None:
    page = (REPOSITORY / "docs" / "failures.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == CODES


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_is_said_in_the_languages_of_the_page(code: str) -> None:
    mapper = (REPOSITORY / "web" / "src" / "api" / "problems.ts").read_text("utf-8")
    (english,) = re.findall(rf"^  {code}: msg`(.+)`,$", mapper, re.MULTILINE)
    russian = (REPOSITORY / "web" / "src" / "i18n" / "ru.po").read_text("utf-8")
    assert re.search(rf'msgid "{re.escape(english)}"\nmsgstr "[^"]*[а-я]', russian)


def test_a_failure_tells_a_smaller_batch_from_a_defect() -> None:
    refused = failures.TaskFailure("bad_picture", "No.")
    assert failures.from_exception(refused) is refused
    assert failures.from_exception(MemoryError()).code == "out_of_memory"
    assert failures.from_exception(RuntimeError("anything")).code == "worker_error"
