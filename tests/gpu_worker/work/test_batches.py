"""Batches of a worker on real queues: which tasks share one, and what they cost each other."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import torch

from gpu_worker.engines import image
from gpu_worker.worker import Worker
from tests.gpu_worker.models import TINY, TWIN, TWINS
from tests.gpu_worker.site import Site, a_text_request, an_image_request


def test_the_same_seed_gives_the_same_bytes_alone_and_in_a_batch(busy_site: Site) -> None:
    requests = [an_image_request(word, seeds=(seed,)) for seed, word in enumerate(["fox", "sea", "apple", "bread"])]
    alone = []
    for request in requests:
        done = busy_site.final(busy_site.send("image", request))
        assert done.batch == 1
        alone.append(busy_site.get(done.outputs[0].key))
    again = [request | {"task": str(uuid4())} for request in [*requests, *requests]]
    tasks = [busy_site.send("image", request) for request in again]
    crowd = [busy_site.final(task) for task in tasks]
    assert max(done.batch for done in crowd) > 1
    assert [busy_site.get(done.outputs[0].key) for done in crowd] == [*alone, *alone]


def test_a_text_is_the_same_alone_and_in_a_batch(busy_site: Site) -> None:
    prompts = ["Describe a red fox.", "What is the sea?", "Name three kinds of bread.", "Why is the sky blue?"]
    requests = [a_text_request(prompt, seed=seed, max_tokens=10) for seed, prompt in enumerate(prompts)]
    alone = [busy_site.final(busy_site.send("text", request)).outputs[0].text for request in requests]
    tasks = [busy_site.send("text", request | {"task": str(uuid4())}) for request in [*requests, requests[2]]]
    crowd = [busy_site.final(task) for task in tasks]
    assert max(done.batch for done in crowd) > 1
    assert [done.outputs[0].text for done in crowd] == [*alone, alone[2]]


def test_alternating_models_are_not_reloaded_for_each_task_and_no_task_starves(
    site: Site, start_worker: Callable[..., Worker], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    requests = [an_image_request(seeds=(seed,)) for seed in range(12)]
    twins = [request | {"model": TWIN.id} for request in requests[::3]]
    tasks = [site.send("image", request | {"task": str(uuid4())}) for request in [*requests[:6], *twins, *requests[6:]]]
    start_worker(catalogue=TWINS, memory_bytes=TINY.memory_bytes, queues={"image": site.queues["image"]})
    assert {site.final(task).event for task in tasks} == {"succeeded"}
    loads = [record.model for record in caplog.records if record.message == "model loaded"]
    assert sorted(set(loads)) == [TINY.id, TWIN.id]
    assert len(loads) <= 3


def test_a_prompt_beyond_the_models_context_fails_for_good_and_alone(busy_site: Site) -> None:
    # Cyrillic takes about a token a character here: within the limit on characters, beyond the model's context.
    too_long = busy_site.send("text", a_text_request("щ" * 8000, max_tokens=512))
    fine = busy_site.send("text", a_text_request(max_tokens=2))
    failed = busy_site.final(too_long)
    assert (failed.event, failed.code, failed.retryable) == ("failed", "prompt_too_long", False)
    assert busy_site.final(fine).event == "succeeded"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyError("a defect"), "worker_error"),
        (MemoryError(), "out_of_memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "out_of_memory"),
        (torch.OutOfMemoryError("CUDA out of memory"), "out_of_memory"),
    ],
)
def test_an_exception_in_an_engine_fails_its_task_and_the_worker_goes_on(
    site: Site, start_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    def breaks(*_args: object, **_options: object) -> None:
        raise error

    start_worker()
    with monkeypatch.context() as patch:
        patch.setattr("gpu_worker.engines.image.run_pipeline", breaks)
        failed = site.final(site.send("image", an_image_request()))
    assert (failed.code, failed.retryable) == (code, True)
    assert "Traceback" not in failed.detail
    assert site.final(site.send("image", an_image_request())).event == "succeeded"


def test_a_batch_that_does_not_fit_into_memory_is_halved_and_that_is_remembered(
    site: Site, start_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    draw = image.run_pipeline

    def draw_two_at_most(pipeline: Any, rows: Any, **options: Any) -> Any:
        tried.append(len(rows))
        if len(rows) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return draw(pipeline, rows, **options)

    monkeypatch.setattr(image, "run_pipeline", draw_two_at_most)
    start_worker(strict=False)
    for _ in range(2):
        done = site.final(site.send("image", an_image_request(seeds=range(4))))
        assert (done.event, len(done.outputs), done.batch) == ("succeeded", 4, 2)
    assert tried == [4, 2, 2, 2, 2]
