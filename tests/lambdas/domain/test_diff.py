"""What differs between two specs, word by word, with nothing lost."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lambdas.domain import diff
from lambdas.domain.diff import ParamDiff


def a_step(name: str, prompt: str = "x", **params: Any) -> dict[str, Any]:
    return {"name": name, "kind": "text", "model": "m", "params": {"prompt": prompt, **params}}


def a_spec(*steps: dict[str, Any], inputs: Any = ()) -> dict[str, Any]:
    return {"inputs": list(inputs), "steps": list(steps)}


def test_words_are_told_apart_with_their_spaces() -> None:
    assert diff.words("a red fox", "a green fox") == [("=", "a"), ("-", " red"), ("+", " green"), ("=", " fox")]


@given(st.text(alphabet="ab \n"), st.text(alphabet="ab \n"))
def test_both_texts_can_be_read_from_the_words(before: str, after: str) -> None:
    found = diff.words(before, after)
    assert "".join(text for sign, text in found if sign in "=-") == before
    assert "".join(text for sign, text in found if sign in "=+") == after


def test_only_params_that_differ_are_told() -> None:
    before = a_spec(a_step("scene", "a red fox", temperature=0.7, top_p=0.9))
    after = a_spec(a_step("scene", "a green fox", temperature=0.7, top_p=0.5))
    (step,) = diff.specs(before, after).steps
    assert (step.name, step.change) == ("scene", "changed")
    assert [(param.name, param.before, param.after) for param in step.params] == [
        ("prompt", "a red fox", "a green fox"),
        ("top_p", 0.9, 0.5),
    ]
    assert step.params[0].words
    assert step.params[1].words == []


def test_steps_are_the_same_added_removed_or_moved() -> None:
    before = a_spec(a_step("a"), a_step("b"), a_step("c"), a_step("gone"))
    after = a_spec(a_step("b"), a_step("c"), a_step("a"), a_step("new"))
    found = {step.name: step.change for step in diff.specs(before, after).steps}
    assert found == {"b": "same", "c": "same", "a": "moved", "new": "added", "gone": "removed"}


def test_another_model_is_a_change_like_that_of_a_param() -> None:
    after = a_spec(a_step("a") | {"model": "n"})
    (step,) = diff.specs(a_spec(a_step("a")), after).steps
    assert [(param.name, param.before, param.after) for param in step.params] == [("model", "m", "n")]


def test_inputs_that_come_go_or_change_are_told() -> None:
    subject = {"name": "subject", "type": "text", "default": "a fox"}
    found = diff.specs(
        a_spec(a_step("a"), inputs=[subject, {"name": "old", "type": "image"}]),
        a_spec(a_step("a"), inputs=[subject | {"default": "an owl"}, {"name": "new", "type": "image"}]),
    )
    assert [(each.name, each.before is None, each.after is None) for each in found.inputs] == [
        ("subject", False, False),
        ("new", True, False),
        ("old", False, True),
    ]


def test_equal_specs_do_not_differ() -> None:
    spec = a_spec(a_step("a"), a_step("b"), inputs=[{"name": "x", "type": "image"}])
    found = diff.specs(spec, spec)
    assert found.inputs == []
    assert {step.change for step in found.steps} == {"same"}
    assert diff.values({"seed": 1}, {"seed": 2}) == [ParamDiff("seed", 1, 2)]
