"""Keeps the special tokens of a model's tokenizer out of what people write, which could end their turn of a chat."""

import re
from typing import Any


class SpecialTokens:
    """Those of a tokenizer; what people write must not hold one, or it would speak for the model's side of a chat."""

    def __init__(self, tokenizer: Any) -> None:
        marks = [str(token) for token in tokenizer.added_tokens_decoder.values() if token.special]
        self._marks = re.compile("|".join(map(re.escape, sorted(marks, key=len, reverse=True))) or "(?!)")

    def escape(self, text: str) -> str:
        """The text with a space inside of each mark, which then is words like any others."""
        return self._marks.sub(lambda mark: f"{mark[0][:1]} {mark[0][1:]}", text)
