"""Runs that are cancelled while a worker has their tasks."""

from collections.abc import Callable

from contract.keys import delivery_prefix, old_cancel_key
from gpu_worker.worker import Worker
from tests.gpu_worker.site import Site, a_text_request, an_image_request
from tests.wait import until


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


def test_a_task_cancelled_before_it_starts_never_runs(site: Site, start_worker: Callable[..., Worker]) -> None:
    request = an_image_request()
    task = site.send("image", request)
    site.cancel(task)
    start_worker()
    assert site.final(task).code == "cancelled"
    assert site.keys("media/") == set()


def test_a_marker_of_older_functions_is_heeded(site: Site, start_worker: Callable[..., Worker]) -> None:
    task = site.send("image", an_image_request())
    assert task
    site.put(old_cancel_key(task), b"")
    start_worker()
    assert site.final(task).code == "cancelled"


def test_a_resumed_task_is_not_stopped_by_the_marker_of_its_former_life(
    site: Site, start_worker: Callable[..., Worker]
) -> None:
    request = an_image_request()
    task = site.send("image", request)
    assert task
    site.cancel(task)
    start_worker()
    site.wait_for(task, "failed")
    site.send("image", request | {"token": "another"})
    assert site.wait_for(task, "succeeded").token == "another"
