"""A worker between real queues and a real bucket: requests in, outputs and events out."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import torch
from PIL import Image

from contract.catalogue import Catalogue
from contract.keys import delivery_prefix, upload_key
from contract.limits import PROTOCOL
from gpu_worker.engines import image
from gpu_worker.worker import Worker
from tests.gpu_worker.hostile import a_photo
from tests.gpu_worker.models import CATALOGUE, TEXT_MODEL, TINY, TWIN, TWINS
from tests.gpu_worker.site import Site, a_text_request, an_edit_request, an_image_request
from tests.services.ministack import free_port, start_ministack, stop
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


def test_the_same_seed_gives_the_same_bytes_alone_and_in_a_crowd(busy_site: Site) -> None:
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


def test_a_text_is_the_same_alone_and_in_a_crowd(busy_site: Site) -> None:
    prompts = ["Describe a red fox.", "What is the sea?", "Name three kinds of bread.", "Why is the sky blue?"]
    requests = [a_text_request(prompt, seed=seed, max_tokens=10) for seed, prompt in enumerate(prompts)]
    alone = [busy_site.final(busy_site.send("text", request)).outputs[0].text for request in requests]
    tasks = [busy_site.send("text", request | {"task": str(uuid4())}) for request in [*requests, requests[2]]]
    crowd = [busy_site.final(task) for task in tasks]
    assert max(done.batch for done in crowd) > 1
    assert [done.outputs[0].text for done in crowd] == [*alone, alone[2]]


def test_another_seed_gives_another_picture(busy_site: Site) -> None:
    first, second = (busy_site.final(busy_site.send("image", an_image_request(seeds=(s,)))) for s in (1, 2))
    assert busy_site.get(first.outputs[0].key) != busy_site.get(second.outputs[0].key)
    assert first.delivery != second.delivery


def test_more_outputs_than_a_batch_has_rows(busy_site: Site) -> None:
    eight = busy_site.final(busy_site.send("image", an_image_request(seeds=range(8))))
    single = busy_site.final(busy_site.send("image", an_image_request(seeds=(6,))))
    assert len(eight.outputs) == 8
    assert busy_site.get(eight.outputs[6].key) == busy_site.get(single.outputs[0].key)


def test_an_edit_starts_from_a_picture_and_names_it_by_its_digest(busy_site: Site) -> None:
    green, red = upload_key(uuid4()), upload_key(uuid4())
    busy_site.put(green, a_photo(colour="green"))
    busy_site.put(red, a_photo(colour="red"))
    same = upload_key(uuid4())
    busy_site.put(same, a_photo(colour="green"))
    done = [busy_site.final(busy_site.send("image", an_edit_request(key))) for key in (green, red, same)]
    from_green, from_red, from_same = (busy_site.get(event.outputs[0].key) for event in done)
    assert from_green != from_red
    assert from_green == from_same
    origin = json.loads(Image.open(BytesIO(from_green)).text["atelier"])
    assert origin["kind"] == "edit"
    assert origin["params"]["image"].startswith("sha256:")
    assert green not in str(origin)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "damaged"),
        (b"GIF89a" + bytes(100), "damaged"),
        (a_photo()[:200], "damaged"),
        (a_photo((8193, 1), kind="PNG"), "too large"),
        (a_photo((5000, 5000), kind="PNG"), "too large"),
    ],
)
def test_a_bad_start_picture_fails_the_task_for_good(busy_site: Site, data: bytes, reason: str) -> None:
    key = upload_key(uuid4())
    busy_site.put(key, data)
    failed = busy_site.final(busy_site.send("image", an_edit_request(key)))
    assert (failed.event, failed.code, failed.retryable) == ("failed", "bad_picture", False)
    assert reason in failed.detail
    until(lambda: busy_site.is_clean("image"))


def test_a_start_picture_that_is_gone_fails_the_task_for_good(busy_site: Site) -> None:
    failed = busy_site.final(busy_site.send("image", an_edit_request(upload_key(uuid4()))))
    assert (failed.code, failed.retryable) == ("picture_missing", False)


def test_a_prompt_beyond_the_models_context_fails_for_good_and_alone(busy_site: Site) -> None:
    # Cyrillic takes about a token a character here: within the limit on characters, beyond the model's context.
    too_long = busy_site.send("text", a_text_request("щ" * 8000, max_tokens=512))
    fine = busy_site.send("text", a_text_request(max_tokens=2))
    failed = busy_site.final(too_long)
    assert (failed.event, failed.code, failed.retryable) == ("failed", "prompt_too_long", False)
    assert busy_site.final(fine).event == "succeeded"


def test_messages_beyond_the_cost_that_is_taken_ahead_stay_in_the_queue(
    site: Site, start_worker: Callable[..., Worker]
) -> None:
    # An answer of 500 tokens costs 50; the second is taken while the first has most of them left to write.
    start_worker(ahead_cost={"text": 60})
    first = site.send("text", a_text_request("Tell a long story.", max_tokens=500))
    site.wait_for(first, "started")
    others = [site.send("text", a_text_request("Tell a long story.", max_tokens=500)) for _ in range(3)]
    until(lambda: site.kinds(others[0]) == ["started"])
    site.wait_for(first, "progress")
    assert site.waiting("text") == 2
    assert [site.kinds(task) for task in others[1:]] == [[], []]


def test_a_worker_takes_at_least_a_batch_and_another_one_ahead(site: Site) -> None:
    wide = Catalogue(models=(TEXT_MODEL, TINY.model_copy(update={"batch": 12})))
    worker = Worker(site.settings(slots=2, ahead=6), catalogue=wide)
    reaches = {queue: (reach.slots, reach.ahead) for queue in site.queues for reach in [worker._reach(queue)]}
    assert reaches == {"text": (4, 6), "image": (12, 12)}


def test_models_in_turn_are_not_loaded_for_each_task_and_none_waits_for_ever(
    site: Site, start_worker: Callable[..., Worker], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    requests = [an_image_request(seeds=(seed,)) for seed in range(12)]
    twins = [request | {"model": TWIN.id} for request in requests[::3]]
    tasks = [site.send("image", request | {"task": str(uuid4())}) for request in [*requests[:6], *twins, *requests[6:]]]
    start_worker(catalogue=TWINS, memory_bytes=TINY.memory_bytes, queue_urls={"image": site.queues["image"]})
    assert {site.final(task).event for task in tasks} == {"succeeded"}
    loads = [record.model for record in caplog.records if record.message == "model loaded"]
    assert sorted(set(loads)) == [TINY.id, TWIN.id]
    assert len(loads) <= 3


def test_a_model_that_this_worker_does_not_have(busy_site: Site) -> None:
    for change in ({"model": "other"}, {"revision": "f" * 40}):
        failed = busy_site.final(busy_site.send("image", an_image_request() | change))
        assert (failed.code, failed.retryable) == ("unknown_model", True)
    wrong_kind = an_image_request() | {"model": TEXT_MODEL.id, "revision": TEXT_MODEL.revision}
    assert busy_site.final(busy_site.send("image", wrong_kind)).code == "unfit_model"


def test_a_request_of_newer_functions_is_computed_as_if_it_asked_for_nothing_new(busy_site: Site) -> None:
    request = an_image_request()
    newer = request | {"task": str(uuid4()), "trace": {"id": "1"}, "params": request["params"] | {"loras": []}}
    old, new = (busy_site.final(busy_site.send("image", each)).outputs[0] for each in (request, newer))
    assert busy_site.get(old.key) == busy_site.get(new.key)


def test_a_message_of_another_version_is_answered(busy_site: Site) -> None:
    task = busy_site.send("text", a_text_request() | {"v": 2, "news": True})
    failed = busy_site.final(task)
    assert (failed.code, failed.retryable) == ("other_version", True)
    assert busy_site.kinds(task) == ["started", "failed"]


def test_a_broken_message_goes_away_and_the_worker_goes_on(busy_site: Site) -> None:
    for body in ("{", "null", '{"v": 1}', "[" * 5000, '{"v": 1, "task": "x", "attempt": 1, "token": "t"}'):
        busy_site.send("text", body)
    assert busy_site.final(busy_site.send("text", a_text_request(max_tokens=2))).event == "succeeded"
    until(lambda: busy_site.is_clean("text"))


def test_a_message_past_its_deadline_is_dropped(busy_site: Site) -> None:
    late = a_text_request(deadline=(datetime.now(tz=UTC) - timedelta(seconds=1)).isoformat())
    task = busy_site.send("text", late)
    until(lambda: busy_site.is_clean("text"))
    assert busy_site.events(task) == []


def test_a_message_received_too_often_is_given_up_without_a_run(busy_site: Site, start_worker: Any, site: Site) -> None:
    task = site.send("text", a_text_request())
    for _ in range(2):
        (message,) = site.sqs.receive_message(QueueUrl=site.queues["text"], WaitTimeSeconds=5)["Messages"]
        site.sqs.change_message_visibility(
            QueueUrl=site.queues["text"], ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )
    start_worker()
    failed = site.final(task)
    assert (failed.code, failed.retryable) == ("gave_up", True)
    assert site.kinds(task) == ["started", "failed"]
    assert {event.delivery for event in site.events(task)} == {failed.delivery}
    until(lambda: site.is_clean("text"))


def test_each_receipt_is_another_delivery(site: Site, start_worker: Callable[..., Worker]) -> None:
    request = a_text_request(max_tokens=2)
    task = site.send("text", request)
    site.send("text", request)
    start_worker()
    site.wait_for(task, "succeeded", times=2)
    succeeded = [event for event in site.events(task) if event.event == "succeeded"]
    assert succeeded[0].delivery != succeeded[1].delivery
    assert succeeded[0].outputs[0].text == succeeded[1].outputs[0].text
    assert len(site.keys("media/")) == 2


def test_progress_grows_and_its_numbers_too(site: Site, start_worker: Callable[..., Worker]) -> None:
    start_worker()
    task = site.send("text", a_text_request("Tell a story.", max_tokens=40))
    site.final(task)
    progress = [event for event in site.events(task) if event.event == "progress"]
    assert [event.seq for event in progress] == list(range(1, len(progress) + 1))
    assert [event.fraction for event in progress] == sorted(event.fraction for event in progress)
    assert progress[-1].fraction > 0


def test_a_silent_delivery_still_gives_signs_of_life(site: Site, start_worker: Callable[..., Worker]) -> None:
    start_worker(progress_min_seconds=600, heartbeat_seconds=0.2)
    task = site.send("text", a_text_request("Tell a story.", max_tokens=60))
    site.wait_for(task, "progress", times=3)


def test_a_cancelled_task_stops_and_its_neighbour_goes_on(site: Site, start_worker: Callable[..., Worker]) -> None:
    start_worker()
    long = site.send("text", a_text_request("Tell a long story.", max_tokens=500))
    short = site.send("text", a_text_request("Tell a story.", max_tokens=40))
    site.wait_for(long, "progress")
    site.cancel(long)
    failed = site.final(long)
    assert (failed.event, failed.code, failed.retryable) == ("failed", "cancelled", False)
    assert failed.delivery
    assert site.final(short).event == "succeeded"
    until(lambda: site.is_clean("text"))
    assert site.keys(delivery_prefix(failed.delivery)) == set()


def test_a_task_cancelled_before_its_turn_never_runs(site: Site, start_worker: Callable[..., Worker]) -> None:
    request = an_image_request()
    task = site.send("image", request)
    site.cancel(task)
    start_worker()
    assert site.final(task).code == "cancelled"
    assert site.keys("media/") == set()


def test_a_worker_says_that_it_is_alive_for_each_queue(site: Site, start_worker: Callable[..., Worker]) -> None:
    start_worker(alive_seconds=0.2)
    until(lambda: len(site.alive()) >= 4)
    by_queue = {event.queue: event for event in site.alive()}
    assert by_queue["text"].models == [TEXT_MODEL.id]
    assert by_queue["image"].models == [TINY.id]
    assert by_queue["text"].slots == 4
    assert by_queue["text"].protocol == PROTOCOL
    assert by_queue["text"].ram_bytes > 10_000_000


def test_messages_in_hand_stay_invisible_while_they_are_computed(
    site: Site, start_worker: Callable[..., Worker]
) -> None:
    start_worker(visibility_seconds=2, visibility_renew_seconds=0.5)
    task = site.send("text", a_text_request("Tell a long story.", max_tokens=200))
    done = site.wait_for(task, "succeeded")
    assert done.seconds > 2, "the test is only worth something when the task outlasts its visibility"
    assert site.kinds(task) == ["started", "succeeded"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyError("a defect"), "worker_error"),
        (MemoryError(), "out_of_memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "out_of_memory"),
        (torch.OutOfMemoryError("CUDA out of memory"), "out_of_memory"),
    ],
)
def test_a_computation_that_breaks_fails_its_task_and_the_worker_goes_on(
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


def test_messages_whose_start_cannot_be_told_go_back_at_once(
    site: Site, start_worker: Callable[..., Worker], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        site.send("text", a_text_request())
    worker = start_worker(events_queue_url=f"{site.events_url}-gone", visibility_seconds=600)
    until(lambda: "queue does not answer" in caplog.text)
    worker.stop()
    assert site.waiting("text") == 2


def test_a_worker_outlives_the_restart_of_its_queues(tmp_path: Path) -> None:
    port = free_port()
    server = start_ministack(tmp_path, port=port)
    worker = None
    try:
        site = Site(f"http://127.0.0.1:{port}")
        worker = Worker(site.settings(), catalogue=CATALOGUE)
        worker.start()
        assert site.final(site.send("image", an_image_request())).event == "succeeded"
        server.kill()
        server.wait()
        server = start_ministack(tmp_path, port=port)
        for url in [*site.queues.values(), site.events_url]:
            site.sqs.create_queue(QueueName=url.rsplit("/", 1)[1])
        assert site.final(site.send("image", an_image_request())).event == "succeeded"
    finally:
        if worker:
            worker.stop()
        stop(server)
