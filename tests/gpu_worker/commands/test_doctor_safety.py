"""What the doctor says of the list of refused words and of the classifier."""

from pathlib import Path
from typing import Any

import pytest

from contract import catalogue
from contract.catalogue import Catalogue
from gpu_worker.commands import doctor
from tests.gpu_worker.site import Site


@pytest.fixture(autouse=True)
def _no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "load", lambda _profile: Catalogue(models=()))


def advice(site: Site, title: str, **settings: Any) -> str:
    found = {finding.title: finding for finding in doctor.examine(site.settings(**settings))}
    return found[title].advice


def test_a_list_and_a_classifier_that_work_need_no_attention(site: Site, folder: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("badword")
    assert not advice(site, "refused words", prompt_filter=words)
    assert not advice(site, "classifier of pictures", safety_model=folder)


@pytest.mark.parametrize(("content", "said"), [(None, "Look at"), ("apple", "A red apple is refused")])
def test_a_list_that_refuses_too_much_is_named(site: Site, tmp_path: Path, content: str | None, said: str) -> None:
    words = tmp_path / "words.txt"
    if content is not None:
        words.write_text(content)
    assert said in advice(site, "refused words", prompt_filter=words)


def test_advice_for_a_list_that_was_never_fetched(site: Site, tmp_path: Path) -> None:
    settings = {"home": tmp_path, "models_bucket": "models", "prompt_list": "safety/prompts.txt"}
    assert "prepare" in advice(site, "refused words", **settings)


def test_a_classifier_without_the_labels_is_named(site: Site, folder: Path) -> None:
    assert "ATELIER_SAFETY_LABELS" in advice(
        site, "classifier of pictures", safety_model=folder, safety_labels=("gore",)
    )
