"""One number for what a request costs, and a cap on it."""

import pytest

from contract import catalogue
from contract.catalogue import Catalogue, HubSource, Model
from contract.costs import MAX_COST, cost, too_costly
from contract.kinds import CaptionParams, EditParams, ImageParams, Kind, Params, TextParams, UpscaleParams
from contract.spec import SpecInvalid, complete
from tests.contract.builders import a_spec, an_image_step

LARGE = Model(
    id="large",
    title="Large",
    kinds=(Kind.IMAGE, Kind.EDIT),
    profile="gpu",
    queue="image",
    licence="MIT",
    source=HubSource(type="hub", repository="tests/large"),
    revision="1" * 40,
    memory_bytes=1,
    batch=1,
    defaults={"width": 2000, "height": 2000},
    card="Has no limits of its own.",
)


@pytest.mark.parametrize(
    ("params", "megapixel_steps"),
    [
        (ImageParams(prompt="x", width=2000, height=2000, denoise_steps=5, count=1), 20),
        (ImageParams(prompt="x", width=2000, height=1600, denoise_steps=5, count=8), 128),
        (EditParams(prompt="x", image="{{p}}", denoise_steps=10, count=2), 80),
        (TextParams(prompt="x", max_tokens=4096), 409.6),
        (CaptionParams(image="{{p}}", max_tokens=50), 5),
    ],
)
def test_what_is_asked_for_has_a_price(params: Params, megapixel_steps: float) -> None:
    assert cost(params, LARGE) == pytest.approx(megapixel_steps)
    assert too_costly(params, LARGE) is None


def test_the_price_of_an_enlarged_picture_is_that_of_the_largest_one() -> None:
    assert cost(UpscaleParams(image="{{p}}", factor=2), LARGE) == cost(UpscaleParams(image="{{p}}", factor=8), LARGE)


def test_a_request_may_cost_as_much_as_the_cap_and_no_step_more() -> None:
    at_the_cap = ImageParams(prompt="x", width=2000, height=2000, denoise_steps=25, count=5)
    assert cost(at_the_cap, LARGE) == MAX_COST
    assert too_costly(at_the_cap, LARGE) is None
    above = ImageParams(prompt="x", width=2016, height=2000, denoise_steps=25, count=5)
    assert too_costly(above, LARGE)


def test_a_spec_beyond_the_cap_is_refused_when_it_is_saved() -> None:
    step = an_image_step(width=4096, height=4096, denoise_steps=100, count=8) | {"model": "large"}
    with pytest.raises(SpecInvalid) as refused:
        complete(a_spec(step), Catalogue(models=(LARGE,)))
    (fault,) = refused.value.faults
    assert fault.loc == ("steps", 0, "params", "denoise_steps")
    assert fault.msg.startswith("costs 13,422 megapixel-steps and 500 are the most: make fewer pictures")


@pytest.mark.parametrize("profile", ["demo", "gpu"])
def test_every_model_can_be_asked_for_eight_pictures_with_its_own_defaults(profile: catalogue.Profile) -> None:
    for model in catalogue.load(profile).models:
        if Kind.IMAGE in model.kinds:
            asked = ImageParams(prompt="x", count=8).model_copy(update=model.defaults)
            assert too_costly(asked, model) is None, model.id
