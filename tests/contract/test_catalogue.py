"""The catalogue says what the files of its models really are."""

from importlib.metadata import files as package_files
from importlib.metadata import version as installed_version
from pathlib import Path

import pytest

from contract import catalogue
from contract.catalogue import LibrarySource, Model, OwnSource, PackageSource
from contract.kinds import KINDS, template_params
from gpu_worker.models.sources import file_digest, folder_digest, library_revision

ROOT = Path(__file__).parents[2]
MODELS = catalogue.load("gpu").models


def _digest(model: Model) -> str:
    match model.source:
        case PackageSource(package=package, path=path):
            (file,) = [Path(str(f.locate())) for f in package_files(package) or [] if str(f) == path]
            return file_digest(file)
        case LibrarySource(package=package, version=version):
            assert installed_version(package) == version
            return library_revision(package, version)
        case OwnSource(path=path):
            return folder_digest(ROOT / path)
        case _:
            pytest.skip("a hub's revision is its commit")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_the_revision_is_the_head_of_the_sha256_over_the_files(model: Model) -> None:
    assert _digest(model)[:40] == model.revision


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_defaults_and_limits_name_params_of_its_kinds_and_agree(model: Model) -> None:
    known = {name for kind in model.kinds for name in KINDS[kind].params.model_fields}
    assert set(model.limits) | set(model.defaults) <= known
    for name, limit in model.limits.items():
        if name in model.defaults:
            assert limit.minimum <= model.defaults[name] <= limit.maximum


def test_ids_are_unique() -> None:
    assert len({model.id for model in MODELS}) == len(MODELS)


def test_the_gpu_profile_offers_what_demo_offers() -> None:
    assert {model.id for model in catalogue.load("demo").models} <= {model.id for model in MODELS}


def test_every_kind_has_a_demo_model() -> None:
    assert {kind for model in catalogue.load("demo").models for kind in model.kinds} == set(KINDS)


def test_only_prompts_and_pictures_are_templates() -> None:
    assert {kind.value: template_params(kind) for kind in KINDS} == {
        "text": {"prompt": "text", "system": "text"},
        "image": {"prompt": "text", "negative_prompt": "text"},
        "edit": {"prompt": "text", "negative_prompt": "text", "image": "image"},
        "caption": {"image": "image"},
        "upscale": {"image": "image"},
    }
