"""Fills the templates of a step's params, once and never again; which values there are is for the caller to know."""

from collections.abc import Mapping
from typing import Any

from contract.kinds import Kind, template_params
from contract.limits import MAX_TEXT_CHARACTERS
from contract.templates import resolve


class PromptTooLong(ValueError):
    """A filled template is longer than any model may be given; `str(error)` is a sentence for a beginner."""


def fill(kind: Kind, params: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """Each template among the params with its references replaced by values; raises PromptTooLong."""
    filled = {name: resolve(params[name], values) for name in template_params(kind)}
    for name, text in filled.items():
        if len(text) > MAX_TEXT_CHARACTERS:
            raise PromptTooLong(
                f"With everything filled in, {name} has {len(text):,} characters; {MAX_TEXT_CHARACTERS:,} are allowed. "
                "Shorten the prompt, the inputs, or what the steps before it write."
            )
    return filled
