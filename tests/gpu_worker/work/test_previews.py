"""Previews of a real worker: stored and told of while pictures are drawn, and gone once they are there."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import Image

from contract.keys import delivery_prefix
from gpu_worker.worker import Worker
from tests.gpu_worker.site import Site, an_image_request
from tests.wait import until

OFTEN = {"preview_seconds": 0.05, "progress_min_seconds": 0.05}


def a_slow_request(**more: Any) -> Any:
    """Two batches of the tiny model, of many steps each."""
    return an_image_request(seeds=range(8), params={"denoise_steps": 100}, **more)


def previews(site: Site, task: Any) -> list[str]:
    """What the progress of a task has shown so far, in order and without repeats."""
    shown = [event.preview for event in site.events(task) if event.event == "progress" and event.preview]
    return list(dict.fromkeys(shown))


def test_a_picture_under_way_is_shown_and_what_was_shown_is_gone_at_the_end(
    site: Site, start_worker: Callable[..., Worker]
) -> None:
    start_worker(**OFTEN)
    assert site.final(site.send("image", an_image_request())).event == "succeeded"
    task = site.send("image", a_slow_request())
    key = until(lambda: next(iter(previews(site, task)), None))
    head, picture = site.head(key), Image.open(BytesIO(site.get(key)))
    assert (head["ContentType"], head["CacheControl"]) == ("image/webp", "max-age=86400")
    assert (picture.format, picture.size) == ("WEBP", (16, 16))
    done = site.final(task)
    assert done.event == "succeeded"
    shown = previews(site, task)
    assert 1 < len(shown) <= 10
    assert all(key.startswith(delivery_prefix(done.delivery)) for key in shown)
    outputs = {key for output in done.outputs for key in (output.key, output.thumb_key)}
    assert site.keys(delivery_prefix(done.delivery)) == outputs


def test_a_cancelled_picture_is_shown_no_more(site: Site, start_worker: Callable[..., Worker]) -> None:
    start_worker(**OFTEN)
    assert site.final(site.send("image", an_image_request())).event == "succeeded"
    task = site.send("image", a_slow_request())
    until(lambda: previews(site, task))
    site.cancel(task)
    assert site.final(task).code == "cancelled"
    before = len(previews(site, task))
    assert site.final(site.send("image", an_image_request())).event == "succeeded"
    assert len(previews(site, task)) == before


def test_no_previews_are_made_when_they_are_switched_off(site: Site, start_worker: Callable[..., Worker]) -> None:
    start_worker(**OFTEN | {"preview_seconds": 0})
    task = site.send("image", a_slow_request())
    done = site.final(task)
    assert previews(site, task) == []
    assert len(site.keys(delivery_prefix(done.delivery))) == 16


def test_a_picture_that_is_done_in_a_moment_is_not_shown_before(
    site: Site, start_worker: Callable[..., Worker]
) -> None:
    start_worker(progress_min_seconds=0.05, preview_seconds=60)
    task = site.send("image", a_slow_request())
    site.final(task)
    assert previews(site, task) == []


def test_a_picture_that_is_checked_first_is_not_shown_unchecked(site: Site, tmp_path: Any) -> None:
    assert site.settings(preview_seconds=1).seconds_between_previews == 1
    assert site.settings(preview_seconds=1, safety_model=tmp_path).seconds_between_previews == 0
