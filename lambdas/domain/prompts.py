"""Fills the templates of a step's params, once and never again; which values there are is for the caller to know."""

from collections.abc import Mapping
from typing import Any

from contract.kinds import Kind, template_params
from contract.limits import MAX_TEXT_CHARACTERS
from contract.templates import resolve


class Unfillable(ValueError):
    """A template that comes out as no model may be given it; `str(error)` is a sentence for a beginner."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def fill(kind: Kind, params: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """Each template among the params with its references replaced by values; raises Unfillable."""
    filled = {name: resolve(params[name], values) for name in template_params(kind)}
    for name, text in filled.items():
        if len(text) > MAX_TEXT_CHARACTERS:
            raise Unfillable(
                "prompt_too_long",
                f"With everything filled in, {name} has more than {MAX_TEXT_CHARACTERS:,} characters. "
                "Shorten the prompt, the inputs, or what the steps before it write.",
            )
    if "prompt" in filled and not filled["prompt"].strip():
        raise Unfillable("prompt_empty", "With everything filled in, the prompt is empty.")
    return filled
