"""Every family of models: from its hub over the bucket to an engine, and what its rows depend on."""

import json
import shutil
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from diffusers import Flux2KleinPipeline
from PIL import Image
from torch.nn.functional import interpolate

from contract import catalogue
from contract.catalogue import Catalogue, HubSource, Model
from contract.kinds import CaptionParams, EditParams, ImageParams, Kind, TextParams, UpscaleParams
from gpu_worker import loading
from gpu_worker.commands import models as cli
from gpu_worker.engines import caption, families, text, upscale
from gpu_worker.engines.base import Engine, Row
from gpu_worker.engines.families import UnknownPipeline
from gpu_worker.engines.image import EditEngine
from gpu_worker.engines.upscale import UpscaleEngine
from gpu_worker.failures import TaskFailure
from gpu_worker.weights import bucket
from tests.gpu_worker.engines import families as tiny
from tests.gpu_worker.fake_hub import Hub, running_hub
from tests.gpu_worker.models import tiny_folder
from tests.services.ministack import a_bucket, aws

PICTURES = (tiny.stable_diffusion, tiny.stable_diffusion_xl, tiny.flux, tiny.flux2_klein)
MODELS = {
    save: tiny.model_of(save, *kinds)
    for save, kinds in (
        *((save, (Kind.IMAGE, Kind.EDIT)) for save in PICTURES),
        (tiny.causal_lm, (Kind.TEXT,)),
        (tiny.captioner, (Kind.CAPTION,)),
        (tiny.upscaler, (Kind.UPSCALE,)),
    )
}
WORDS = ("a red fox", "the sea at night", "green apple")
BESIDE = {"README.md": "# A card", "LICENSE.md": "Apache", "weights.safetensors": "one file", "vae/x.bin": "a pickle"}

Loaded = dict[str, dict[Kind, Engine]]


@pytest.fixture(scope="module")
def bought(ministack: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models' folder of a worker's machine, filled by the operator's command and the bucket."""
    home, models = tmp_path_factory.mktemp("home"), a_bucket(ministack, "models")
    for save, model in MODELS.items():
        repository = tmp_path_factory.mktemp(model.id)
        save(repository)
        for name, content in BESIDE.items():
            if save in PICTURES:  # beside the folders of a pipeline lies what nobody needs
                (repository / name).write_text(content)
        source = cast("HubSource", model.source)
        with (
            running_hub(Hub(repository, repository=source.repository, revision=model.revision)),
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr(catalogue, "load", lambda _profile, model=model: Catalogue(models=(model,)))
            there = ["--bucket", models, "--endpoint-url", ministack, "--cache", str(home / "cache")]
            assert cli.main(["sync", *there]) == 0
        bucket.fetch(aws("s3", ministack), model, home, bucket=models, say=lambda _: None)
    return home


@pytest.fixture(scope="module")
def loaded(bought: Path) -> Loaded:
    """The engines of every family, loaded from what a worker fetched."""
    return {model.id: loading.build(model, _folder(bought, model), threads=0) for model in MODELS.values()}


def _folder(home: Path, model: Model) -> Path:
    return home / f"{model.id}-{model.revision[:12]}"


def _noise(side: int, *, seed: int) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def _params(kind: Kind, word: str) -> Any:
    match kind:
        case Kind.TEXT:
            return TextParams(prompt=word, max_tokens=6)
        case Kind.IMAGE:
            return ImageParams(prompt=word, width=64, height=64, denoise_steps=2, guidance=2.0)
        case Kind.EDIT:
            return EditParams(prompt=word, image="x", denoise_steps=2, guidance=2.0, strength=1.0)
        case Kind.CAPTION:
            return CaptionParams(image="x", max_tokens=6)
        case Kind.UPSCALE:
            return UpscaleParams(image="x", factor=2)


def _rows(kind: Kind) -> list[Row]:
    return [Row(_params(kind, word), seed=i, picture=_noise(64, seed=i)) for i, word in enumerate(WORDS)]


def _made(engine: Engine, rows: list[Row], *, size: int = 4) -> list[str | bytes]:
    outputs = dict(engine.run(rows, size=size, on_step=lambda _i, _fraction: True))
    return [output if isinstance(output, str) else output.tobytes() for _, output in sorted(outputs.items())]


EACH = [pytest.param(model.id, kind, id=f"{model.id}-{kind}") for model in MODELS.values() for kind in model.kinds]


@pytest.mark.parametrize(("family", "kind"), EACH)
def test_a_row_makes_the_same_alone_and_in_a_batch(loaded: Loaded, family: str, kind: Kind) -> None:
    engine, rows = loaded[family][kind], _rows(kind)
    assert len({engine.key(row) for row in rows}) == 1
    crowd = _made(engine, rows)
    assert len(set(crowd)) == 3
    for row, output in zip(rows, crowd, strict=True):
        assert _made(engine, [row]) == [output]
    assert _made(engine, rows[::-1]) == crowd[::-1]


@pytest.mark.parametrize(("family", "kind"), EACH)
def test_an_unwanted_row_stops_at_its_next_step_and_the_engine_goes_on(loaded: Loaded, family: str, kind: Kind) -> None:
    engine, rows = loaded[family][kind], _rows(kind)
    assert list(engine.run(rows, size=4, on_step=lambda _i, _fraction: False)) == []
    seen: list[float] = []
    kept = dict(engine.run(rows, size=4, on_step=lambda i, fraction: seen.append(fraction) or i != 1))
    assert sorted(kept) == [0, 2]
    assert all(0 <= fraction <= 1 for fraction in seen)


def test_pictures_have_the_size_that_was_asked_for(loaded: Loaded) -> None:
    for save in PICTURES:
        drawing = ImageParams(prompt="x", width=96, height=64, denoise_steps=1)
        ((_, drawn),) = loaded[MODELS[save].id][Kind.IMAGE].run([Row(drawing, seed=1)], size=1, on_step=_wanted)
        assert cast("Image.Image", drawn).size == (96, 64)
        changing = Row(_params(Kind.EDIT, "x"), seed=1, picture=_noise(64, seed=1).crop((0, 0, 64, 96)))
        ((_, changed),) = loaded[MODELS[save].id][Kind.EDIT].run([changing], size=1, on_step=_wanted)
        assert cast("Image.Image", changed).size == (64, 96)


def _wanted(_i: int, _fraction: float) -> bool:
    return True


def test_flux2_changes_each_picture_as_its_own_pipeline_changes_one(loaded: Loaded, bought: Path) -> None:
    folder = _folder(bought, MODELS[tiny.flux2_klein])
    plain = Flux2KleinPipeline.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    plain.set_progress_bar_config(disable=True)
    rows = _rows(Kind.EDIT)
    ours = _made(loaded["flux2-klein"][Kind.EDIT], rows, size=3)
    for row, made in zip(rows, ours, strict=True):
        (theirs,) = _made(EditEngine(plain), [row], size=1)
        difference = np.frombuffer(cast("bytes", made), np.uint8).astype(int) - np.frombuffer(theirs, np.uint8)
        assert np.abs(difference).max() <= 1  # other attention kernels, other last bits


@pytest.mark.parametrize(
    "change",
    [
        {"_class_name": "StableDiffusionInpaintPipeline"},
        {"_class_name": ["pipeline", "Evil"]},
        {"_class_name": None},
        {"vae": ["evil", "Evil"]},
        {"vae": ["diffusers", "AutoModel"]},
        {"text_encoder": ["transformers", "AutoModelForCausalLM"]},
        {"scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"]},
        {"scheduler": "EulerDiscreteScheduler"},
        {"unet": [None, "UNet2DConditionModel"]},
    ],
)
def test_classes_that_are_not_on_the_list_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    folder = _tampered(tmp_path, change)
    with pytest.raises(UnknownPipeline, match=r"model_index\.json"):
        loading.build(MODELS[tiny.stable_diffusion], folder, threads=0)


@pytest.mark.parametrize("place", ["pipeline.py", "vae/diffusers.py", "evil.py"])
def test_a_folder_that_brings_code_is_refused_before_any_of_it_runs(tmp_path: Path, place: str) -> None:
    folder, ran = _tampered(tmp_path, {}), tmp_path / "ran"
    (folder / place).write_text(f"open({str(ran)!r}, 'w')")
    with pytest.raises(UnknownPipeline, match="brings no code"):
        loading.build(MODELS[tiny.stable_diffusion], folder, threads=0)
    assert not ran.exists()


def test_a_checker_that_a_model_brings_is_left_out(tmp_path: Path) -> None:
    folder = _tampered(tmp_path, {"safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"]})
    family, unused = families.family_of(folder)
    assert family.draw == "StableDiffusionPipeline"
    assert "safety_checker" in unused
    assert Kind.IMAGE in loading.build(MODELS[tiny.stable_diffusion], folder, threads=0)


def _tampered(tmp_path: Path, change: dict[str, Any]) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder(), folder)
    index = json.loads((folder / families.INDEX).read_text())
    (folder / families.INDEX).write_text(json.dumps(index | change))
    return folder


@pytest.mark.parametrize("family", ["qwen3", "unheard-of"])
def test_code_beside_a_language_model_never_runs(bought: Path, tmp_path: Path, family: str) -> None:
    folder, ran = tmp_path / "model", tmp_path / "ran"
    shutil.copytree(_folder(bought, MODELS[tiny.causal_lm]), folder)
    (folder / "evil.py").write_text(f"open({str(ran)!r}, 'w')")
    config = json.loads((folder / "config.json").read_text()) | {"model_type": family}
    names = {"AutoConfig": "evil.Evil", "AutoModelForCausalLM": "evil.Evil"}
    (folder / "config.json").write_text(json.dumps(config | {"auto_map": names}))
    if family == "qwen3":
        assert text.load(folder, device="cpu")
    else:
        with pytest.raises(ValueError, match="trust_remote_code"):
            text.load(folder, device="cpu")
    assert not ran.exists()


def test_a_language_model_that_forgets_is_refused(bought: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(_folder(bought, MODELS[tiny.causal_lm]), folder)
    config = json.loads((folder / "config.json").read_text())
    sliding = {"layer_types": ["sliding_attention", "full_attention"], "use_sliding_window": True, "sliding_window": 8}
    (folder / "config.json").write_text(json.dumps(config | sliding))
    with pytest.raises(ValueError, match="full attention in each layer"):
        text.load(folder, device="cpu")


def test_a_captioner_of_another_family_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "blip"}))
    with pytest.raises(ValueError, match="idefics3, not blip"):
        caption.load(tmp_path, device="cpu")


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (37, 21)])
def test_a_picture_of_any_shape_is_enlarged(loaded: Loaded, size: tuple[int, int]) -> None:
    row = Row(_params(Kind.UPSCALE, ""), seed=1, picture=Image.new("RGB", size, "teal"))
    ((_, larger),) = loaded["upscaler"][Kind.UPSCALE].run([row], size=1, on_step=_wanted)
    assert cast("Image.Image", larger).size == (2 * size[0], 2 * size[1])


class _Doubled(torch.nn.Module):
    """Doubles each pixel, as an upscaler that learnt nothing would."""

    class config:  # noqa: N801 -- as transformers name it
        upscale, window_size = 2, 4

    device = torch.device("cpu")

    def forward(self, pixel_values: torch.Tensor) -> Any:
        return type("Output", (), {"reconstruction": interpolate(pixel_values, scale_factor=2)})


def test_tiles_leave_no_seams() -> None:
    picture = _noise(100, seed=1)
    row = Row(_params(Kind.UPSCALE, ""), seed=1, picture=picture)
    fractions: list[float] = []
    engine = UpscaleEngine(_Doubled(), tile=48)
    ((_, larger),) = engine.run([row], size=1, on_step=lambda _i, fraction: fractions.append(fraction) or True)
    assert np.array_equal(np.asarray(larger), np.asarray(picture).repeat(2, axis=0).repeat(2, axis=1))
    assert len(fractions) == 9


@pytest.mark.parametrize(("factor", "side", "code"), [(4, 64, "unfit_model"), (2, 4096, "picture_too_large")])
def test_what_a_model_cannot_enlarge_is_refused_before_it_is_made(
    loaded: Loaded, factor: int, side: int, code: str
) -> None:
    row = Row(UpscaleParams(image="x", factor=factor), seed=1, picture=Image.new("RGB", (side, side)))
    with pytest.raises(TaskFailure) as refused:
        loaded["upscaler"][Kind.UPSCALE].key(row)
    assert (refused.value.code, refused.value.retryable) == (code, False)


def test_weights_that_are_not_safetensors_are_not_loaded(bought: Path, tmp_path: Path) -> None:
    shutil.copytree(_folder(bought, MODELS[tiny.upscaler]), tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").rename(tmp_path / "model" / "pytorch_model.bin")
    with pytest.raises(OSError, match="safetensors"):
        upscale.load(tmp_path / "model", device="cpu")
