"""Where weights come from, and that they are those of the catalogue."""

from pathlib import Path

import pytest

from contract import catalogue
from contract.catalogue import OwnSource, PackageSource
from gpu_worker.weights import sources
from gpu_worker.weights.sources import SourceMissing
from tests.gpu_worker.models import REPOSITORY, TEXT_MODEL, TINY, text_folder

OWN = [model for model in catalogue.load("gpu").models if isinstance(model.source, OwnSource)]


@pytest.mark.parametrize("model", OWN, ids=lambda model: model.id)
def test_the_files_of_an_own_model_are_those_that_the_catalogue_names(model: catalogue.Model) -> None:
    assert isinstance(model.source, OwnSource)
    assert sources.folder_digest(REPOSITORY / model.source.path)[:40] == model.revision


def test_a_folders_digest_depends_on_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_text("1")
    digests = [sources.folder_digest(tmp_path)]
    (tmp_path / "a" / "x").rename(tmp_path / "a" / "y")
    digests.append(sources.folder_digest(tmp_path))
    (tmp_path / "a" / "y").write_text("2")
    digests.append(sources.folder_digest(tmp_path))
    (tmp_path / "a" / "y").write_text("1")
    (tmp_path / "a" / "y").rename(tmp_path / "a" / "x")
    assert len(set(digests)) == 3
    assert sources.folder_digest(tmp_path) == digests[0]


@pytest.mark.model
def test_a_converted_model_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / text_folder().name).symlink_to(text_folder())
    said: list[str] = []
    assert sources.ensure_folder(TEXT_MODEL, tmp_path, say=said.append) == tmp_path / text_folder().name
    assert said == []
    assert {"model.safetensors", "config.json", "tokenizer.json"} <= {p.name for p in text_folder().iterdir()}
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in text_folder().iterdir())


def test_a_package_of_another_revision_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    other = TEXT_MODEL.model_copy(update={"revision": "f" * 40})
    with pytest.raises(SourceMissing):
        sources.ensure_folder(other, tmp_path, say=lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_on_this_machine_is_missing(tmp_path: Path) -> None:
    absent = PackageSource(type="package", package="no-such", version="1", path="no_such_package/model.gguf")
    for model in (TINY, TEXT_MODEL.model_copy(update={"source": absent})):
        assert not sources.is_present(model, tmp_path)
        with pytest.raises(SourceMissing):
            sources.ensure_folder(model, tmp_path, say=lambda _: None)
