"""Verdicts of a real classifier, to which red pictures are unsafe."""

from pathlib import Path

import pytest

from gpu_worker.failures import TaskFailure
from gpu_worker.safety.pictures import Guard, PictureCheck, Unfit
from tests.gpu_worker.classifier import BLUE, RED


@pytest.fixture(scope="module")
def check(folder: Path) -> PictureCheck:
    return PictureCheck(folder, unsafe=["nsfw"], threshold=0.5)


def test_pictures_pass_or_do_not_and_the_worst_counts(check: PictureCheck) -> None:
    assert check.verdict([BLUE]).passed
    assert not check.verdict([RED]).passed
    both = check.verdict([BLUE, RED])
    assert (both.passed, both.checker) == (False, "red-is-unsafe")
    assert both.score == pytest.approx(check.verdict([RED]).score, abs=1e-4)


def test_a_refused_picture_fails_its_task_with_the_verdict(check: PictureCheck) -> None:
    guard = Guard(check, required=True)
    passed = guard.judge([BLUE])
    assert passed
    assert passed.passed
    with pytest.raises(TaskFailure) as refused:
        guard.judge([BLUE, RED])
    assert (refused.value.code, refused.value.retryable) == ("picture_refused", False)
    assert refused.value.safety
    assert refused.value.safety.score > 0.5


def test_texts_are_not_judged(check: PictureCheck) -> None:
    assert Guard(check, required=True).judge([]) is None


@pytest.mark.parametrize("broken", [True, False])
def test_what_could_not_be_checked_is_refused_where_a_check_is_required(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, broken: bool
) -> None:
    check = PictureCheck(folder, unsafe=["nsfw"], threshold=0.5)
    if broken:
        monkeypatch.setattr(check._model, "forward", lambda **_: 1 / 0)
    judged = Guard(check if broken else None, required=True)
    with pytest.raises(TaskFailure) as refused:
        judged.judge([BLUE])
    assert (refused.value.code, refused.value.retryable) == ("safety_unavailable", True)
    assert Guard(check if broken else None, required=False).judge([BLUE]) is None


def test_a_folder_without_a_fitting_classifier_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="holds no image classifier"):
        PictureCheck(tmp_path, unsafe=["nsfw"], threshold=0.5)
    with pytest.raises(Unfit, match="knows none of"):
        PictureCheck(folder, unsafe=["rude"], threshold=0.5)
    with pytest.raises(Unfit, match=r"knows none of \['nfsw'\], only \['normal', 'nsfw'\]"):
        PictureCheck(folder, unsafe=["nsfw", "nfsw"], threshold=0.5)
