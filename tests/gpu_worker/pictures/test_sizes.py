"""The size of what is edited: the picture's own shape, in as many pixels as the model draws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.pictures.sizes import SizeRange

LARGE = SizeRange(1024 * 1024, 256, 2048, 256, 2048)
FIXED = SizeRange(64 * 64, 64, 64, 64, 64)
sides = st.integers(1, 8192)


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        ((1024, 1024), (1024, 1024)),
        ((50, 50), (1024, 1024)),
        ((3000, 2000), (1248, 832)),
        ((2000, 3000), (832, 1248)),
        ((1920, 1080), (1360, 768)),
        ((8000, 100), (2048, 256)),
        ((100, 8000), (256, 2048)),
        ((1, 1), (1024, 1024)),
    ],
)
def test_a_picture_keeps_its_shape_as_far_as_the_model_can_draw_it(
    picture: tuple[int, int], size: tuple[int, int]
) -> None:
    assert LARGE.size(*picture) == size


@given(sides, sides)
def test_a_model_of_one_size_gets_that(width: int, height: int) -> None:
    assert FIXED.size(width, height) == (64, 64)


@given(sides, sides)
def test_no_size_costs_more_than_what_the_model_draws_by_default(width: int, height: int) -> None:
    wide, high = LARGE.size(width, height)
    assert wide * high <= LARGE.area
    assert wide % 16 == high % 16 == 0
    assert 256 <= min(wide, high) <= max(wide, high) <= 2048
    if 1 / 4 < width / height < 4:
        assert wide / high == pytest.approx(width / height, rel=0.06)
