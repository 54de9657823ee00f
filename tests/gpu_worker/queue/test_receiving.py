"""Messages on a real queue: how many are taken, and what becomes of those that are no work."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from contract.catalogue import Catalogue
from gpu_worker.worker import Worker
from tests.gpu_worker.models import CATALOGUE, TEXT_MODEL, TINY
from tests.gpu_worker.site import Site, a_text_request, an_image_request
from tests.services.ministack import free_port, start_ministack, stop
from tests.wait import until


def test_messages_beyond_the_cost_limit_of_the_prefetch_stay_in_the_queue(
    site: Site, start_worker: Callable[..., Worker]
) -> None:
    # An answer of 500 tokens costs 50; the second is taken while the first has most of them left to write.
    start_worker(ahead_cost={"text": 60}, received_after_seconds=0)
    first = site.send("text", a_text_request("Tell a long story.", max_tokens=500))
    site.wait_for(first, "started")
    others = [site.send("text", a_text_request("Tell a long story.", max_tokens=500)) for _ in range(3)]
    until(lambda: "received" in site.kinds(others[0]))
    site.wait_for(first, "progress")
    assert site.waiting("text") == 2
    assert [site.kinds(task) for task in others[1:]] == [[], []]


def test_the_prefetch_is_at_least_a_batch_beyond_a_batch(site: Site) -> None:
    wide = Catalogue(models=(TEXT_MODEL, TINY.model_copy(update={"batch": 12})))
    worker = Worker(site.settings(slots=2, ahead=6), catalogue=wide)
    reaches = {
        queue: (prefetch.slots, prefetch.ahead) for queue in site.queues for prefetch in [worker._prefetch(queue)]
    }
    assert reaches == {"text": (4, 6), "image": (12, 12)}


def test_a_request_for_a_model_that_this_worker_does_not_have_fails(busy_site: Site) -> None:
    for change in ({"model": "other"}, {"revision": "f" * 40}):
        failed = busy_site.final(busy_site.send("image", an_image_request() | change))
        assert (failed.code, failed.retryable) == ("unknown_model", True)
    wrong_kind = an_image_request() | {"model": TEXT_MODEL.id, "revision": TEXT_MODEL.revision}
    assert busy_site.final(busy_site.send("image", wrong_kind)).code == "unfit_model"


def test_unknown_fields_of_a_request_do_not_change_its_output(busy_site: Site) -> None:
    request = an_image_request()
    newer = request | {"task": str(uuid4()), "trace": {"id": "1"}, "params": request["params"] | {"loras": []}}
    old, new = (busy_site.final(busy_site.send("image", each)).outputs[0] for each in (request, newer))
    assert busy_site.get(old.key) == busy_site.get(new.key)


def test_a_message_of_another_version_fails_as_retryable(busy_site: Site) -> None:
    task = busy_site.send("text", a_text_request() | {"v": 2, "news": True})
    failed = busy_site.final(task)
    assert (failed.code, failed.retryable) == ("other_version", True)
    assert busy_site.kinds(task) == ["failed"]


def test_an_unreadable_message_is_deleted_and_the_worker_goes_on(busy_site: Site) -> None:
    for body in ("{", "null", '{"v": 1}', "[" * 5000, '{"v": 1, "task": "x", "attempt": 1, "token": "t"}'):
        busy_site.send("text", body)
    assert busy_site.final(busy_site.send("text", a_text_request(max_tokens=2))).event == "succeeded"
    until(lambda: busy_site.is_clean("text"))


def test_a_message_past_its_deadline_is_dropped(busy_site: Site) -> None:
    late = a_text_request(deadline=(datetime.now(tz=UTC) - timedelta(seconds=1)).isoformat())
    task = busy_site.send("text", late)
    until(lambda: busy_site.is_clean("text"))
    assert busy_site.events(task) == []


def test_a_message_received_often_is_computed_all_the_same(site: Site, start_worker: Any) -> None:
    task = site.send("text", a_text_request(max_tokens=2))
    for _ in range(5):
        (message,) = site.sqs.receive_message(QueueUrl=site.queues["text"], WaitTimeSeconds=5)["Messages"]
        site.sqs.change_message_visibility(
            QueueUrl=site.queues["text"], ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )
    start_worker()
    assert site.final(task).event == "succeeded"


def test_each_receipt_of_a_message_is_another_delivery(site: Site, start_worker: Callable[..., Worker]) -> None:
    request = a_text_request(max_tokens=2)
    task = site.send("text", request)
    site.send("text", request)
    start_worker()
    site.wait_for(task, "succeeded", times=2)
    succeeded = [event for event in site.events(task) if event.event == "succeeded"]
    assert succeeded[0].delivery != succeeded[1].delivery
    assert succeeded[0].outputs[0].text == succeeded[1].outputs[0].text
    assert len(site.keys("media/")) == 2


def test_a_pause_of_the_events_queue_costs_no_receipt_and_no_work(
    site: Site, start_worker: Callable[..., Worker], caplog: pytest.LogCaptureFixture
) -> None:
    missing = f"{site.events_url}-late"
    task = site.send("text", a_text_request(max_tokens=2))
    start_worker(events_queue_url=missing, send_patience_seconds=60)
    until(lambda: "event not sent, trying again" in caplog.text)
    site.events_url = site.sqs.create_queue(QueueName=missing.rsplit("/", 1)[1])["QueueUrl"]
    done = site.final(task)
    assert done.event == "succeeded"
    until(lambda: site.is_clean("text"))
    assert {event.delivery for event in site.events(task)} == {done.delivery}


@pytest.mark.model
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
