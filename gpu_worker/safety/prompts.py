"""What prompts may not have: the operator's refused words. What a picture shows is judged in `pictures`."""

import re
import threading
import unicodedata
from pathlib import Path

from contract.kinds import Params
from gpu_worker.failures import TaskFailure

_IGNORABLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Invisible letters and marks beside the format characters (Unicode's Default_Ignorable_Code_Point)."""
_WRITTEN = ("prompt", "system")
"""Params that ask for something; what is to be avoided may name anything."""


class PromptFilter:
    """Reads the list again whenever its file has changed; may be called from any thread.

    A line is a word or a phrase, in any script; `word*` also stands for words that begin so, `#` begins a comment.
    """

    def __init__(self, path: Path | None) -> None:
        """`path` is the list's file, or None for no list."""
        self._path = path
        self._read_at = -1
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    def check(self, params: Params) -> None:
        """Raises TaskFailure for params that the list refuses, or when there is a list that cannot be read."""
        if self._path is None:
            return
        pattern = self._current(self._path)
        texts = (getattr(params, name, "") for name in _WRITTEN)
        if pattern and any(pattern.search(_plain(text)) for text in texts):
            detail = "The prompt has words that the operator of this site does not allow. Use other words."
            raise TaskFailure("prompt_refused", detail)

    def _current(self, path: Path) -> re.Pattern[str] | None:
        with self._lock:
            try:
                changed_at = path.stat().st_mtime_ns
                if changed_at != self._read_at:
                    self._pattern = _compiled(path.read_text("utf-8"))
                    self._read_at = changed_at
            except (OSError, UnicodeDecodeError):
                detail = "The worker cannot read its list of refused words."
                raise TaskFailure("safety_unavailable", detail, retryable=True) from None
            return self._pattern


def _compiled(text: str) -> re.Pattern[str] | None:
    lines = (line.partition("#")[0] for line in text.splitlines())
    phrases = [phrase for line in lines if (phrase := _plain(line))]
    if not phrases:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_expression, phrases))})(?!\w)")


def _expression(phrase: str) -> str:
    stem = phrase.removesuffix("*")
    return re.escape(stem) + (r"\w*" if stem != phrase else "")


def _plain(text: str) -> str:
    """Lower case, compatible letters made plain, nothing invisible, single spaces: what a reader sees."""
    visible = (c for c in _IGNORABLE.sub("", unicodedata.normalize("NFKC", text)) if unicodedata.category(c) != "Cf")
    return " ".join("".join(visible).casefold().split())
