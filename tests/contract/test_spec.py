"""Which specs can run, and whether a fault names its place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contract import catalogue
from contract.catalogue import Catalogue, Limit
from contract.faults import Fault, FaultCode
from contract.spec import Spec, SpecInvalid, complete, filled_inputs, input_faults, step_references
from tests.contract.builders import a_complete_spec, a_spec, a_text_step, an_edit_step, an_image_step

DEMO = catalogue.load("demo")
SUBJECT = {"name": "subject", "label": "Who or what", "type": "text", "default": "a red fox"}
PHOTO = {"name": "photo", "label": "Start from", "type": "image"}


def faults_of(*steps: dict[str, Any], inputs: list[dict[str, Any]] | None = None) -> list[Fault]:
    with pytest.raises(SpecInvalid) as caught:
        complete(a_spec(*steps, inputs=inputs), DEMO)
    return caught.value.faults


def places_of_structure(document: dict[str, Any]) -> list[tuple[Any, ...]]:
    with pytest.raises(ValidationError) as caught:
        Spec.model_validate(document)
    return [error["loc"] for error in caught.value.errors()]


def test_the_models_defaults_fill_what_is_absent() -> None:
    spec = a_complete_spec(an_image_step())
    params = spec.steps[0].params.model_dump()
    assert (params["width"], params["denoise_steps"], params["guidance"], params["count"]) == (64, 16, 3.0, 1)


def test_what_is_given_stays() -> None:
    spec = a_complete_spec(an_image_step(denoise_steps=8))
    assert spec.steps[0].params.model_dump()["denoise_steps"] == 8


def test_a_complete_spec_survives_json() -> None:
    spec = a_complete_spec(a_text_step(prompt="{{subject}}"), an_image_step(prompt="{{scene}}"), inputs=[SUBJECT])
    assert Spec.model_validate_json(spec.model_dump_json()) == spec
    assert complete(Spec.model_validate_json(spec.model_dump_json()), DEMO) == spec


def test_an_unknown_reference_is_named_with_its_place() -> None:
    (fault,) = faults_of(an_image_step(prompt="draw {{subjekt}}"), inputs=[SUBJECT])
    assert fault.loc == ("steps", 0, "params", "prompt")
    assert fault.msg == "{{subjekt}} at character 6: no input or step before has this name"


def test_a_reference_forward_says_so() -> None:
    (fault,) = faults_of(an_image_step(prompt="{{scene}}"), a_text_step())
    assert fault.msg.endswith("a step can only use steps before it")


def test_a_step_cannot_refer_to_itself() -> None:
    (fault,) = faults_of(a_text_step(prompt="{{scene}}"))
    assert fault.msg.endswith("a step can only use steps before it")


def test_names_are_unique_over_inputs_and_steps() -> None:
    (fault,) = faults_of(a_text_step("subject"), inputs=[SUBJECT])
    assert fault.loc == ("steps", 0, "name")


def test_a_picture_is_no_text() -> None:
    (fault,) = faults_of(an_image_step(), a_text_step(prompt="{{picture}}"))
    assert fault == Fault(("steps", 1, "params", "prompt"), FaultCode.TEXT_NEEDED, {"name": "picture", "position": 1})
    assert fault.msg == "{{picture}} at character 1 is a picture; a text is needed here"


def test_a_text_is_no_picture() -> None:
    (fault,) = faults_of(an_edit_step(image="{{subject}}"), inputs=[SUBJECT])
    assert fault.loc == ("steps", 0, "params", "image")


@pytest.mark.parametrize("image", ["photo", "{{photo}} ", "{{photo}}{{photo}}", ""])
def test_an_image_reference_is_the_whole_value(image: str) -> None:
    (fault,) = faults_of(an_edit_step(image=image), inputs=[PHOTO])
    assert fault.loc == ("steps", 0, "params", "image")


def test_an_unknown_model_lists_those_that_fit() -> None:
    (fault,) = faults_of(an_image_step() | {"model": "sd-1.5"})
    values = {"kind": "image", "models": ["demo-emoji"]}
    assert fault == Fault(("steps", 0, "model"), FaultCode.UNKNOWN_MODEL, values)
    assert fault.msg == "is not in the catalogue; models for image: demo-emoji"


def test_a_model_must_know_the_kind() -> None:
    (fault,) = faults_of(a_text_step() | {"model": "demo-emoji"})
    assert fault.msg == "cannot do text; models that can: smollm2-135m"


def test_the_model_narrows_the_params() -> None:
    faults = faults_of(an_image_step(width=128, denoise_steps=50))
    assert {fault.loc[-1] for fault in faults} == {"width", "denoise_steps"}


def test_what_a_model_does_not_heed_is_refused() -> None:
    step = an_edit_step(negative_prompt="fog", guidance=5.0, strength=0.5) | {"model": "flux2-klein-4b"}
    with pytest.raises(SpecInvalid) as refused:
        complete(a_spec(step, inputs=[PHOTO]), catalogue.load("gpu"))
    assert [(fault.loc[-1], fault.msg) for fault in refused.value.faults] == [
        ("guidance", "must be 1 for the model flux2-klein-4b"),
        ("strength", "must be 1 for the model flux2-klein-4b"),
        ("negative_prompt", "has no effect on the model flux2-klein-4b: leave it empty"),
    ]


def test_a_model_narrows_the_length_of_a_text() -> None:
    model = next(model for model in DEMO.models if model.id == "smollm2-135m")
    short = model.model_copy(update={"limits": {"prompt": Limit(minimum=2, maximum=5)}})
    with pytest.raises(SpecInvalid, match="must have between 2 and 5 characters for the model"):
        complete(a_spec(a_text_step(prompt="sixsix")), Catalogue(models=(short,)))
    assert complete(a_spec(a_text_step(prompt="five5")), Catalogue(models=(short,)))


def test_every_fault_is_reported_at_once() -> None:
    assert len(faults_of(a_text_step(prompt="{{x}} {{y}}"), an_image_step(prompt="{{ z }}"), a_text_step())) == 4


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"kind": "video"}, ("steps", 0)),
        ({"name": "Scene"}, ("steps", 0, "text", "name")),
        ({"name": "a" * 33}, ("steps", 0, "text", "name")),
        ({"extra": 1}, ("steps", 0, "text", "extra")),
        ({"params": {"prompt": "x", "max_tokens": 0}}, ("steps", 0, "text", "params", "max_tokens")),
        ({"params": {"prompt": "x", "max_tokens": True}}, ("steps", 0, "text", "params", "max_tokens")),
        ({"params": {"prompt": "x", "temperature": "1"}}, ("steps", 0, "text", "params", "temperature")),
        ({"params": {"prompt": "x", "temperature": float("nan")}}, ("steps", 0, "text", "params", "temperature")),
        ({"params": {"prompt": "a\x00b"}}, ("steps", 0, "text", "params", "prompt")),
        ({"params": {"prompt": "\ud800"}}, ("steps", 0, "text", "params", "prompt")),
        ({"params": {"prompt": "x" * 8001}}, ("steps", 0, "text", "params", "prompt")),
        ({"params": {}}, ("steps", 0, "text", "params", "prompt")),
    ],
)
def test_a_malformed_step_is_refused_at_its_place(change: dict[str, Any], place: tuple[Any, ...]) -> None:
    assert places_of_structure({"steps": [a_text_step() | change]}) == [place]


def test_a_null_default_is_not_an_absent_one() -> None:
    spec = {"inputs": [SUBJECT | {"default": None}], "steps": [a_text_step()]}
    assert places_of_structure(spec) == [("inputs", 0, "text", "default")]


def test_a_spec_has_1_to_16_steps() -> None:
    assert places_of_structure({"steps": []}) == [("steps",)]
    assert places_of_structure({"steps": [a_text_step(f"s{n}") for n in range(17)]}) == [("steps",)]


def test_a_step_needs_what_its_params_refer_to() -> None:
    spec = a_complete_spec(an_edit_step(prompt="{{subject}}"), inputs=[SUBJECT, PHOTO])
    assert step_references(spec.steps[0]) == {"subject", "photo"}


def test_a_missing_and_an_unknown_input_are_named() -> None:
    spec = a_complete_spec(an_edit_step(prompt="{{subject}}"), inputs=[SUBJECT, PHOTO])
    assert {fault.loc for fault in input_faults(spec, {"colour": "red"})} == {("inputs", "colour"), ("inputs", "photo")}


def test_absent_inputs_take_their_defaults() -> None:
    spec = a_complete_spec(a_text_step(prompt="{{subject}}"), inputs=[SUBJECT])
    assert input_faults(spec, {}) == []
    assert filled_inputs(spec, {}) == {"subject": "a red fox"}
    assert filled_inputs(spec, {"subject": ""}) == {"subject": ""}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=8,
)
PROMPTS = st.text(alphabet="ab{} {{}}scene", max_size=30)


@given(st.lists(st.tuples(st.sampled_from(["scene", "b", "a"]), PROMPTS), min_size=1, max_size=4))
def test_a_spec_that_completes_resolves_without_an_error(steps: list[tuple[str, str]]) -> None:
    """What is saved can run: every reference of every step has an input or an earlier step behind it."""
    try:
        spec = a_complete_spec(*(a_text_step(name, prompt=prompt if prompt.strip() else "x") for name, prompt in steps))
    except SpecInvalid:
        return
    known: set[str] = set()
    for step in spec.steps:
        assert step_references(step) <= known
        known.add(step.name)


@given(JSON)
def test_any_json_is_read_or_refused(document: Any) -> None:
    try:
        spec = Spec.model_validate({"steps": [a_text_step() | {"params": document}]})
    except ValidationError:
        return
    assert spec.steps
