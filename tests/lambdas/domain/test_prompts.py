"""Filling templates."""

import pytest

from contract.kinds import Kind
from lambdas.domain.prompts import Unfillable, fill


def test_every_template_of_a_step_is_filled_in_one_pass() -> None:
    params = {"prompt": "{{a}} and {{b}}", "negative_prompt": "no {{a}}", "image": "{{photo}}", "strength": 0.5}
    values = {"a": "{{b}}", "b": "a cat", "photo": "uploads/1", "unused": "x"}
    assert fill(Kind.EDIT, params, values) == {
        "prompt": "{{b}} and a cat",
        "negative_prompt": "no {{b}}",
        "image": "uploads/1",
    }


@pytest.mark.parametrize(
    ("prompt", "system", "code"),
    [("{{a}}", "", "prompt_empty"), ("x{{b}}", "", "prompt_too_long"), ("x", "x{{b}}", "prompt_too_long")],
)
def test_what_no_model_may_be_given_is_refused(prompt: str, system: str, code: str) -> None:
    with pytest.raises(Unfillable) as refused:
        fill(Kind.TEXT, {"prompt": prompt, "system": system}, {"a": " \n", "b": "y" * 8_000})
    assert refused.value.code == code
    assert str(refused.value).endswith(".")


def test_the_longest_prompt_that_is_allowed_is_filled_in() -> None:
    filled = fill(Kind.TEXT, {"prompt": "x{{b}}", "system": ""}, {"b": "y" * 7_999})
    assert len(filled["prompt"]) == 8_000
