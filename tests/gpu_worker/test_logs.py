"""The worker's log lines."""

import json
import logging
from collections.abc import Iterator

import pytest

from gpu_worker import logs


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
        logging.getLogger("gpu_worker.x").exception("batch failed", extra={"task_id": "7"})
    line = json.loads(capsys.readouterr().err)
    assert (line["message"], line["task_id"], line["level"]) == ("batch failed", "7", "error")
    assert "ValueError: invalid literal" in line["exception"]
