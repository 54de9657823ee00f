"""The catalogue says what the files of its models really are."""

from importlib.metadata import files as package_files
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import get_args

import pytest

from contract import catalogue
from contract.catalogue import HubSource, LibrarySource, Model, OwnSource, PackageSource, Profile
from contract.kinds import KINDS, Kind, template_params
from contract.spec import Spec, complete
from gpu_worker.weights.sources import file_digest, folder_digest, library_revision

ROOT = Path(__file__).parents[2]
MODELS = catalogue.load("gpu").models
KEPT_HERE = [model for model in MODELS if not isinstance(model.source, HubSource)]
EACH = [pytest.param(model, kind, id=f"{model.id}-{kind}") for model in MODELS for kind in model.kinds]


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
        case HubSource():
            raise AssertionError("a hub's revision is its commit")


@pytest.mark.parametrize("model", KEPT_HERE, ids=lambda model: model.id)
def test_the_revision_is_the_head_of_the_sha256_over_the_files(model: Model) -> None:
    assert _digest(model)[:40] == model.revision


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_defaults_and_limits_name_params_of_its_kinds_and_agree(model: Model) -> None:
    known = {name for kind in model.kinds for name in KINDS[kind].params.model_fields}
    assert set(model.limits) | set(model.defaults) <= known
    for name, limit in model.limits.items():
        if name in model.defaults:
            assert limit.minimum <= model.defaults[name] <= limit.maximum


@pytest.mark.parametrize(("model", "kind"), EACH)
def test_a_step_that_sets_nothing_fits_its_model(model: Model, kind: Kind) -> None:
    references = {"text": "a red apple", "image": "{{photo}}"}
    fields = KINDS[kind].params.model_fields
    params = {name: references[medium] for name, medium in template_params(kind).items() if fields[name].is_required()}
    step = {"name": "step", "kind": kind.value, "model": model.id, "params": params}
    spec = Spec.model_validate({"inputs": [{"name": "photo", "type": "image"}], "steps": [step]})
    completed = complete(spec, catalogue.load("gpu")).steps[0].params
    assert KINDS[kind].params.model_validate(completed.model_dump()) == completed


def test_ids_are_unique() -> None:
    assert len({model.id for model in MODELS}) == len(MODELS)


def test_the_gpu_profile_offers_what_demo_offers() -> None:
    assert {model.id for model in catalogue.load("demo").models} <= {model.id for model in MODELS}


@pytest.mark.parametrize("profile", get_args(Profile))
def test_every_kind_has_a_model_of_each_profile(profile: Profile) -> None:
    assert {kind for model in MODELS if model.profile == profile for kind in model.kinds} == set(KINDS)


def test_only_models_for_gpus_come_from_a_hub() -> None:
    assert {model.profile for model in MODELS if isinstance(model.source, HubSource)} == {"gpu"}
    assert {model.profile for model in KEPT_HERE} == {"demo"}


def test_only_prompts_and_pictures_are_templates() -> None:
    assert {kind.value: template_params(kind) for kind in KINDS} == {
        "text": {"prompt": "text", "system": "text"},
        "image": {"prompt": "text", "negative_prompt": "text"},
        "edit": {"prompt": "text", "negative_prompt": "text", "image": "image"},
        "caption": {"image": "image"},
        "upscale": {"image": "image"},
    }


@pytest.mark.parametrize("model", [m for m in MODELS if isinstance(m.source, HubSource)], ids=lambda model: model.id)
def test_the_page_on_models_says_what_the_catalogue_says(model: Model) -> None:
    assert isinstance(model.source, HubSource)
    weights = f"{model.memory_bytes / 1e9:.2f} GB"
    kinds = ", ".join(model.kinds)
    row = f"| `{model.id}` | {kinds} | {model.source.repository} | {model.licence} | `{model.revision[:12]}` | {weights} |"
    page = (ROOT / "docs" / "models.md").read_text("utf-8")
    assert row in page
    assert f"\n| `{model.id}` | " in page.split("### Where licences")[1]
