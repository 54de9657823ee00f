"""Log lines of the worker, for people or as JSON: a constant message and fields; never prompts, tokens or URLs."""

import logging
import sys
from datetime import datetime
from typing import Any, Literal

from contract.logs import JsonFormatter, fields, trace_of


def set_up(style: Literal["lines", "json"]) -> None:
    """Write the worker's log to standard error in this style."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if style == "json" else _Lines())
    logger = logging.getLogger("gpu_worker")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)


def _traceback(record: logging.LogRecord, exc_info: Any) -> str:
    """The error of a line; in one about a task without the errors' own words, which may quote what somebody wrote."""
    return trace_of(exc_info[1]) if hasattr(record, "task_id") else logging.Formatter().formatException(exc_info)


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        said = " ".join(f"{name}={value}" for name, value in fields(record).items())
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        line = f"{when} worker  {level}{record.getMessage()}  {said}".rstrip()
        return f"{line}\n{_traceback(record, record.exc_info)}" if record.exc_info else line


class _Json(JsonFormatter):
    def traceback(self, record: logging.LogRecord, exc_info: Any) -> str:
        return _traceback(record, exc_info)
