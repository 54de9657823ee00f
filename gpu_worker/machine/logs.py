"""Log lines of the worker: a constant message and fields, for people or as JSON; never prompts, tokens or URLs."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Literal

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def set_up(style: Literal["lines", "json"]) -> None:
    """Write the worker's log to standard error in this style."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if style == "json" else _Lines())
    logger = logging.getLogger("gpu_worker")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class _Formatter(logging.Formatter):
    """What both styles share: the traceback of a line about a task does not have the errors' own words.

    They may quote what somebody wrote: a tokenizer names the text that it cannot read.
    """

    def traceback(self, record: logging.LogRecord) -> str:
        if not record.exc_info:
            return ""
        if hasattr(record, "task_id"):
            return _without_words(record.exc_info[1])
        return self.formatException(record.exc_info)


def _without_words(error: BaseException | None) -> str:
    """Where an error and those that led to it were raised, and of what classes they are, the first one first."""
    parts: list[str] = []
    while error:
        parts.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__qualname__)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(reversed(parts))


class _Lines(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        fields = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        line = f"{when} worker  {level}{record.getMessage()}  {fields}".rstrip()
        return f"{line}\n{self.traceback(record)}" if record.exc_info else line


class _Json(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.traceback(record)
        return json.dumps(line, default=str)
