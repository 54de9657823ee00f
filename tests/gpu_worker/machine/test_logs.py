"""The worker's log lines."""

import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest

from gpu_worker.machine import logs


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    logger = logging.getLogger("gpu_worker")
    before = (logger.handlers, logger.propagate, logger.level)
    yield
    logger.handlers, logger.propagate = before[0], before[1]
    logger.setLevel(before[2])


def test_lines_for_people_name_their_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("lines")
    logging.getLogger("gpu_worker.x").warning("task failed", extra={"task_id": "7", "code": "bad_picture"})
    assert capsys.readouterr().err.endswith("worker  warning: task failed  task_id=7 code=bad_picture\n")


def test_json_lines_hold_message_fields_and_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("json")
    try:
        int("why")
    except ValueError:
        logging.getLogger("gpu_worker.x").exception("model does not load", extra={"model": "tiny"})
    line = json.loads(capsys.readouterr().err)
    assert (line["message"], line["model"], line["level"]) == ("model does not load", "tiny", "error")
    assert "ValueError: invalid literal" in line["exception"]


@pytest.mark.parametrize("style", ["lines", "json"])
def test_an_error_of_a_task_is_logged_with_its_place_and_without_its_words(
    capsys: pytest.CaptureFixture[str], style: Literal["lines", "json"]
) -> None:
    logs.set_up(style)
    words = "a secret prompt".upper()
    try:
        try:
            int(words)
        except ValueError as error:
            raise KeyError(words) from error
    except KeyError:
        logging.getLogger("gpu_worker.x").exception("batch failed", extra={"task_id": "7"})
    said = capsys.readouterr().err
    assert said.index("ValueError") < said.index("KeyError")
    assert "test_logs.py" in said
    assert words not in said
