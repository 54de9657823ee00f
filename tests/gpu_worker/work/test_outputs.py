"""Outputs of a worker between real queues and a real bucket: how they are stored and reported."""

import json
from collections.abc import Callable
from io import BytesIO

import pytest
import torch
from PIL import Image

from contract.keys import delivery_prefix
from gpu_worker.worker import Worker
from tests.gpu_worker.models import TINY
from tests.gpu_worker.site import Site, a_text_request, an_image_request
from tests.wait import until


def test_a_text_is_written_stored_and_reported(busy_site: Site) -> None:
    request = a_text_request()
    task = busy_site.send("text", request)
    done = busy_site.final(task)
    assert done.event == "succeeded"
    assert done.worker == "w1"
    assert done.hardware.endswith(f", torch {torch.__version__}")
    assert (done.token, done.attempt) == (request["token"], 1)
    (output,) = done.outputs
    assert output.text == output.text.strip() != ""
    assert output.characters == len(output.text)
    assert busy_site.get(output.key).decode() == output.text
    assert busy_site.head(output.key)["ContentType"] == "text/plain; charset=utf-8"
    assert busy_site.keys(delivery_prefix(done.delivery)) == {output.key}
    assert busy_site.kinds(task) == ["started", "succeeded"]
    until(lambda: busy_site.is_clean("text"))


def test_pictures_are_drawn_stored_and_reported(busy_site: Site) -> None:
    task = busy_site.send("image", an_image_request(seeds=(1, 2, 3)))
    done = busy_site.final(task)
    assert done.event == "succeeded"
    pictures = {busy_site.get(output.key) for output in done.outputs}
    assert len(pictures) == 3
    for output in done.outputs:
        assert busy_site.head(output.key)["ContentType"] == "image/png"
        assert busy_site.head(output.thumb_key)["ContentType"] == "image/webp"
        assert len(busy_site.get(output.key)) == output.bytes
        assert Image.open(BytesIO(busy_site.get(output.key))).size == (output.width, output.height) == (32, 32)
    everything = {key for output in done.outputs for key in (output.key, output.thumb_key)}
    assert busy_site.keys(delivery_prefix(done.delivery)) == everything
    until(lambda: busy_site.is_clean("image"))


def test_a_picture_carries_what_made_it_and_nothing_else(busy_site: Site) -> None:
    request = an_image_request("ein роter fox", seeds=(5, 6), params={"negative_prompt": "blurry"})
    done = busy_site.final(busy_site.send("image", request))
    png = Image.open(BytesIO(busy_site.get(done.outputs[1].key)))
    assert json.loads(png.text["atelier"]) == {
        "model": TINY.id,
        "revision": TINY.revision,
        "kind": "image",
        "params": {
            "prompt": "ein роter fox",
            "negative_prompt": "blurry",
            "width": 32,
            "height": 32,
            "denoise_steps": 4,
            "guidance": 3.0,
        },
        "seed": 6,
    }
    prompt, negative, settings = png.text["parameters"].split("\n")
    assert prompt == "ein роter fox"
    assert negative == "Negative prompt: blurry"
    assert "Steps: 4, CFG scale: 3, Seed: 6, Size: 32x32, Model: tiny" in settings
    assert set(png.text) == {"atelier", "parameters"}


def test_another_seed_gives_another_picture(busy_site: Site) -> None:
    first, second = (busy_site.final(busy_site.send("image", an_image_request(seeds=(s,)))) for s in (1, 2))
    assert busy_site.get(first.outputs[0].key) != busy_site.get(second.outputs[0].key)
    assert first.delivery != second.delivery


def test_a_task_may_have_more_outputs_than_a_batch_has_rows(busy_site: Site) -> None:
    eight = busy_site.final(busy_site.send("image", an_image_request(seeds=range(8))))
    single = busy_site.final(busy_site.send("image", an_image_request(seeds=(6,))))
    assert len(eight.outputs) == 8
    assert busy_site.get(eight.outputs[6].key) == busy_site.get(single.outputs[0].key)


def test_a_text_beyond_64_kilobytes_is_stored_whole_and_reported_cut(
    site: Site, start_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = "щ" * 40_000
    monkeypatch.setattr("gpu_worker.engines.text.TextEngine._text", lambda *_: whole)
    start_worker()
    (output,) = site.final(site.send("text", a_text_request(max_tokens=2))).outputs
    assert site.get(output.key).decode() == whole
    assert (output.characters, output.bytes) == (40_000, 80_000)
    assert len(output.text.encode()) == 64 * 1024


def test_an_answer_without_words_fails_the_task_for_good(
    site: Site, start_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpu_worker.engines.text.TextEngine._text", lambda *_: "")
    start_worker()
    failed = site.final(site.send("text", a_text_request(max_tokens=2)))
    assert (failed.code, failed.retryable) == ("empty_answer", False)


def test_a_bucket_that_is_gone_fails_the_task_for_now(site: Site, start_worker: Callable[..., Worker]) -> None:
    start_worker(media_bucket="no-such-bucket")
    failed = site.final(site.send("image", an_image_request()))
    assert (failed.code, failed.retryable) == ("worker_error", True)
