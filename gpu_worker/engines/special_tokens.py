"""What people write does not speak for the model's own side of a chat."""

import re
from typing import Any


class Turns:
    """Keeps what people write inside of their own turn of a chat, whatever the model's tokenizer marks turns with."""

    def __init__(self, tokenizer: Any) -> None:
        marks = [str(token) for token in tokenizer.added_tokens_decoder.values() if token.special]
        self._marks = re.compile("|".join(map(re.escape, sorted(marks, key=len, reverse=True))) or "(?!)")

    def plain(self, text: str) -> str:
        """The text with a space inside of each mark, which then is words like any others."""
        return self._marks.sub(lambda mark: f"{mark[0][:1]} {mark[0][1:]}", text)
