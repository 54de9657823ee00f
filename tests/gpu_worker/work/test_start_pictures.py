"""The pictures that steps start from, out of a real bucket."""

import json
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image

from contract.keys import upload_key
from tests.gpu_worker.hostile import a_photo
from tests.gpu_worker.site import Site, an_edit_request
from tests.wait import until


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
