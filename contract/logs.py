"""Log lines as JSON: a constant message, values in fields, and errors without the words that they quote."""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """What was logged beside the message: everything that was given as `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def trace_of(error: BaseException | None) -> str:
    """Where an error and those that led to it were raised, and of what classes they are, the first one first.

    Never their messages: the database's may quote rows, a tokenizer's what somebody wrote.
    """
    parts: list[str] = []
    while error:
        parts.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__qualname__)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(reversed(parts))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `at` in UTC, `level`, `message`, the fields, and `exception` where one is logged."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **fields(record),
        }
        if record.exc_info:
            line["exception"] = self.traceback(record, record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)

    def traceback(self, _record: logging.LogRecord, exc_info: Any) -> str:
        """The error as a line shows it; who may not show its message logs `trace_of` as a field instead."""
        return self.formatException(exc_info)
