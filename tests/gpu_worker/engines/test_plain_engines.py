"""What stands in for a captioner and an upscaler in the demo: a lookup and a resampler."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from contract.kinds import CaptionParams, UpscaleParams
from gpu_worker.demo_model import captioner
from gpu_worker.engines import lookup
from gpu_worker.engines.base import Row
from gpu_worker.engines.lookup import LookupEngine
from gpu_worker.engines.resample import ResampleEngine
from gpu_worker.failures import TaskFailure


def _plain(colour: str, size: tuple[int, int] = (64, 64)) -> Image.Image:
    return Image.new("RGB", size, colour)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LookupEngine:
    """An engine that knows three pictures."""
    monkeypatch.setattr(captioner, "FOLDER", tmp_path / "index")
    names = ["apple", "blue umbrella", "scissors"]
    captioner.write(names, [np.asarray(_plain(colour)) for colour in ("red", "blue", "white")])
    return lookup.load(tmp_path / "index")


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        (_plain("#f01010"), "A picture of an apple."),
        (_plain("navy", (300, 40)), "A picture of a blue umbrella."),
        (_plain("#eeeeee", (1, 1)), "A picture of scissors."),
    ],
)
def test_a_picture_is_described_by_the_nearest_known_one(
    engine: LookupEngine, picture: Image.Image, sentence: str
) -> None:
    row = Row(CaptionParams(image="x"), seed=1, picture=picture)
    assert list(engine.run([row], size=8, on_step=lambda _i, _fraction: True)) == [(0, sentence)]


def test_rows_whose_on_step_returns_false_get_no_description(engine: LookupEngine) -> None:
    rows = [Row(CaptionParams(image="x"), seed=1, picture=_plain("red")) for _ in range(3)]
    made = engine.run(rows, size=8, on_step=lambda i, _fraction: i != 1)
    assert [i for i, _ in made] == [0, 2]


def test_the_committed_index_knows_its_own_pictures() -> None:
    engine = lookup.load(captioner.FOLDER)
    assert engine.nearest(_plain("white")) != engine.nearest(_plain("black"))


def test_an_enlarged_picture_is_the_same_picture() -> None:
    picture = Image.linear_gradient("L").convert("RGB").resize((20, 15), Image.Resampling.BOX)
    row = Row(UpscaleParams(image="x", factor=4), seed=1, picture=picture)
    ((_, larger),) = ResampleEngine().run([row], size=1, on_step=lambda _i, _fraction: True)
    assert larger.size == (80, 60)
    back = np.asarray(larger.resize(picture.size, Image.Resampling.BOX), dtype=float)
    assert np.abs(back - np.asarray(picture, dtype=float)).mean() < 4


def test_what_would_become_too_large_is_refused_before_it_is_made() -> None:
    row = Row(UpscaleParams(image="x", factor=8), seed=1, picture=_plain("red", (1024, 1024)))
    with pytest.raises(TaskFailure) as refused:
        ResampleEngine().key(row)
    assert refused.value.code == "picture_too_large"
    assert not refused.value.retryable
