"""The demo gallery's files are pipelines that the API would take."""

import re

import pytest

from contract import catalogue
from contract.limits import MAX_TEXT_CHARACTERS
from contract.spec import Spec, complete, input_faults
from infra.local.seed import gallery
from infra.local.seed.gallery import Named, OutputOf

_GALLERY = gallery.read()
_RUSSIAN = re.compile(r"[а-яё]", re.IGNORECASE)


@pytest.mark.parametrize("named", _GALLERY, ids=lambda named: named.name)
def test_every_pipeline_can_be_saved_and_each_of_its_results_run(named: Named) -> None:
    spec = complete(Spec.model_validate(named.pipeline.body()["spec"]), catalogue.load("demo"))
    assert 2 <= len(named.pipeline.results) <= 3
    for result in named.pipeline.results:
        assert set(result.inputs) == {one.name for one in spec.inputs}
        assert not input_faults(spec, {name: str(value) for name, value in result.inputs.items()})
    assert 100 < len(named.pipeline.description) < MAX_TEXT_CHARACTERS


def test_there_are_enough_and_half_of_them_are_in_russian() -> None:
    russian = [named for named in _GALLERY if _RUSSIAN.search(named.pipeline.title)]
    assert len(_GALLERY) >= 16
    assert 2 * len(russian) == len(_GALLERY)
    for named in russian:
        assert _RUSSIAN.search(named.pipeline.description)
        assert all(_RUSSIAN.search(tag) for tag in named.pipeline.tags)
        assert all(_RUSSIAN.search(one["label"]) for one in named.pipeline.inputs)


def test_titles_and_seeds_tell_pipelines_and_results_apart() -> None:
    titles = [named.pipeline.title for named in _GALLERY]
    assert len(set(titles)) == len(titles)
    for named in _GALLERY:
        runs = [(result.seed, tuple(map(str, result.inputs.items()))) for result in named.pipeline.results]
        assert len(set(runs)) == len(runs)


def test_texts_pictures_chains_and_edits_are_there() -> None:
    shapes = {tuple(step["kind"] for step in named.pipeline.steps) for named in _GALLERY}
    assert {("text",), ("image",), ("text", "image"), ("image", "edit"), ("edit",)} <= shapes
    assert {("image", "caption", "text"), ("image", "upscale")} <= shapes


def test_pictures_to_start_from_are_made_by_other_results() -> None:
    by_name = {named.name: named.pipeline for named in _GALLERY}
    for named in _GALLERY:
        for result in named.pipeline.results:
            for value in result.inputs.values():
                if isinstance(value, OutputOf):
                    assert by_name[value.pipeline].steps[-1]["kind"] in {"image", "edit"}
                    assert value.result < len(by_name[value.pipeline].results)
