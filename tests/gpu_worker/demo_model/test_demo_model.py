"""The demo image model's committed weights, as the worker loads and calls them."""

import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image

from gpu_worker.demo_model.load import WEIGHTS, editing, load_demo_pipeline
from gpu_worker.demo_model.things import read_things

# diffusers converts a tensor in a way that NumPy 2.4 will refuse one day.

MEGABYTE = 1_000_000


def _refuse(*_: object, **__: object) -> None:
    msg = "loading the demo model tried the network"
    raise AssertionError(msg)


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    """The pipeline, loaded with every way to the network shut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _refuse)
        patch.setattr(socket, "getaddrinfo", _refuse)
        return load_demo_pipeline()


def seeds(*numbers: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(number) for number in numbers]


def draw(pipeline: StableDiffusionPipeline, prompts: list[str], **options: Any) -> list[Image.Image]:
    settings = {"num_inference_steps": 12, "guidance_scale": 3.0, "generator": seeds(*range(len(prompts)))}
    return pipeline(prompt=prompts, **settings | options).images


def pixels(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image, dtype=np.float64)


def mean_colour(image: Image.Image) -> NDArray[np.float64]:
    """The mean red, green and blue of what is not the white ground."""
    rgb = pixels(image)
    thing = rgb[rgb.min(axis=-1) < 230]
    return thing.mean(axis=0)


def sharpness(image: Image.Image) -> float:
    """The share of neighbouring pixels that differ clearly: a blurred picture has none, noise has many."""
    steps = np.abs(np.diff(pixels(image).mean(axis=-1), axis=1))
    return float((steps > 40).mean())


def test_the_weights_are_a_small_diffusers_folder_that_every_account_can_read() -> None:
    index = json.loads((WEIGHTS / "model_index.json").read_text())
    files = [path for path in WEIGHTS.rglob("*") if path.is_file()]
    assert index["_class_name"] == "StableDiffusionPipeline"
    assert sum(path.stat().st_size for path in files) <= 25 * MEGABYTE
    assert {path.suffix for path in files} == {".json", ".safetensors"}
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in files)


def test_it_loads_offline_in_full_precision(pipeline: StableDiffusionPipeline) -> None:
    assert {pipeline.unet.dtype, pipeline.vae.dtype, pipeline.text_encoder.dtype} == {torch.float32}
    assert pipeline.safety_checker is None
    assert pipeline.tokenizer.model_max_length == 24


def test_the_same_seed_draws_the_same_picture_and_another_seed_another(pipeline: StableDiffusionPipeline) -> None:
    first, again, other = (draw(pipeline, ["a cat"], generator=seeds(seed))[0] for seed in (5, 5, 6))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_a_picture_in_a_batch_is_the_one_drawn_alone(pipeline: StableDiffusionPipeline) -> None:
    alone = draw(pipeline, ["a red car"], generator=seeds(3))[0]
    crowd = draw(pipeline, ["a dog", "a red car", "a tree"], generator=seeds(9, 3, 4))[1]
    difference = np.abs(pixels(alone) - pixels(crowd))
    assert difference.max() <= 2


def test_a_red_and_a_green_apple_differ_in_their_mean_colour(pipeline: StableDiffusionPipeline) -> None:
    prompts = ["a red apple"] * 2 + ["a green apple"] * 2
    colours = [mean_colour(image) for image in draw(pipeline, prompts)]
    assert all(red > green + 60 for red, green, _ in colours[:2])
    assert all(green > red + 30 for red, green, _ in colours[2:])


@pytest.mark.parametrize(("colour", "channel"), [("red", 0), ("blue", 2)])
def test_a_colour_word_colours_different_things(pipeline: StableDiffusionPipeline, colour: str, channel: int) -> None:
    things = ["balloon", "t-shirt", "book", "fish"]
    images = draw(pipeline, [f"a {colour} {thing}" for thing in things])
    strongest = [int(mean_colour(image).argmax()) for image in images]
    assert strongest.count(channel) >= 3


def test_pictures_are_sharp_and_stand_on_white(pipeline: StableDiffusionPipeline) -> None:
    images = draw(pipeline, ["a dog", "a pizza", "a robot"])
    assert all(image.size == (64, 64) for image in images)
    assert all(0.02 < sharpness(image) < 0.3 for image in images)
    assert all(pixels(image)[[0, 0, -1, -1], [0, -1, 0, -1]].mean() > 230 for image in images)


def test_a_negative_prompt_changes_the_picture(pipeline: StableDiffusionPipeline) -> None:
    plain, steered = (
        draw(pipeline, ["a balloon"], negative_prompt=[negative], generator=seeds(1))[0] for negative in ("", "red")
    )
    assert np.abs(pixels(plain) - pixels(steered)).mean() > 1


def test_a_prompt_longer_than_the_text_window_is_cut_not_refused(pipeline: StableDiffusionPipeline) -> None:
    long = "a red apple " + "in the warm light of a long summer afternoon " * 20
    assert draw(pipeline, [long])[0].size == (64, 64)


def test_an_edit_moves_a_picture_towards_the_prompt_and_keeps_its_shape(pipeline: StableDiffusionPipeline) -> None:
    source = draw(pipeline, ["a red apple"], generator=seeds(2))[0]
    edited = editing(pipeline)(
        prompt=["a green apple"],
        image=[source],
        strength=0.8,
        num_inference_steps=16,
        guidance_scale=3.0,
        generator=seeds(2),
    ).images[0]
    before, after = mean_colour(source), mean_colour(edited)
    assert after[1] - after[0] > before[1] - before[0] + 80
    shapes = [pixels(image).min(axis=-1) < 230 for image in (source, edited)]
    assert (shapes[0] & shapes[1]).sum() / (shapes[0] | shapes[1]).sum() > 0.7


def test_the_editor_shares_the_weights(pipeline: StableDiffusionPipeline) -> None:
    editor = editing(pipeline)
    assert editor.unet is pipeline.unet
    assert editor.vae is pipeline.vae


def test_every_thing_has_names_and_none_twice() -> None:
    things = read_things()
    names = [name for thing in things for name in thing.names]
    assert len(things) >= 450
    assert all(names)
    assert len(set(names)) == len(names)


def test_missing_weights_are_reported_as_such(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=str(tmp_path)):
        load_demo_pipeline(tmp_path)
