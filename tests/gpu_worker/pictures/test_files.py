"""Pictures as files: what goes in is decoded with care, what goes out is the same every time."""

import base64
import json
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from thumbhash import rgba_to_thumb_hash

from gpu_worker.pictures import files
from gpu_worker.pictures.sizes import SizeRange
from gpu_worker.pictures.thumbhash import thumbhash

MADE_FROM: dict[str, Any] = {
    "model": "tiny",
    "revision": "1" * 40,
    "kind": "edit",
    "params": {
        "prompt": "лиса\nin two lines",
        "negative_prompt": "",
        "denoise_steps": 4,
        "guidance": 3.0,
        "strength": 0.5,
        "image": "sha256:0",
    },
    "seed": 2**53 - 1,
}


def a_file(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def a_scene(width: int, height: int) -> Image.Image:
    """A picture with something to see in each corner."""
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([x * 255 // width, y * 255 // height, (x * y) % 256], axis=-1).astype(np.uint8))


def test_a_png_is_the_same_bytes_every_time_and_keeps_its_pixels() -> None:
    picture = a_scene(64, 48)
    first, second = (files.encode_png(picture, made_from=MADE_FROM) for _ in range(2))
    assert first == second
    read = Image.open(BytesIO(first))
    assert read.tobytes() == picture.tobytes()
    assert json.loads(read.text["atelier"]) == MADE_FROM
    assert read.text["parameters"].startswith("лиса\nin two lines\nSteps: 4, ")
    assert "Seed: 9007199254740991" in read.text["parameters"]
    assert "Denoising strength: 0.5" in read.text["parameters"]


@pytest.mark.parametrize(
    ("size", "thumb"),
    [((1024, 512), (320, 160)), ((64, 64), (64, 64)), ((10, 3000), (1, 320)), ((320, 321), (319, 320))],
)
def test_a_thumbnail_fits_320_pixels_and_is_never_enlarged(size: tuple[int, int], thumb: tuple[int, int]) -> None:
    data = files.encode_thumb(Image.new("RGB", size, "teal"))
    read = Image.open(BytesIO(data))
    assert (read.format, read.size) == ("WEBP", thumb)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_start_picture_is_cropped_around_its_middle(kind: str) -> None:
    wide = Image.new("RGB", (90, 30), "blue")
    wide.paste("red", (30, 0, 60, 30))
    start = files.open_start(a_file(wide, kind), size_range=SizeRange(16 * 16, 16, 16, 16, 16))
    assert start.picture.size == (16, 16)
    red, green, blue = start.picture.getpixel((8, 8))  # type: ignore[misc]
    assert red > 200
    assert max(green, blue) < 60


def test_a_start_picture_is_turned_upright() -> None:
    image = Image.new("RGB", (40, 40), "white")
    image.paste("black", (0, 0, 40, 20))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    start = files.open_start(a_file(image, "JPEG", exif=exif), size_range=None)
    assert start.picture.getpixel((20, 5)) > (200, 200, 200)  # type: ignore[operator]


def test_what_is_transparent_becomes_white() -> None:
    start = files.open_start(a_file(Image.new("RGBA", (8, 8), (255, 0, 0, 0))), size_range=None)
    assert start.picture.getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("size", [(100, 100), (100, 60), (33, 100), (100, 5), (1, 1)])
def test_a_thumbhash_is_that_of_another_implementation(size: tuple[int, int]) -> None:
    picture = a_scene(*size)
    theirs = bytes(rgba_to_thumb_hash(*size, list(picture.convert("RGBA").tobytes())))
    ours = base64.b64decode(thumbhash(picture))
    assert len(ours) == len(theirs)
    assert ours[:5] == theirs[:5]
    # The terms are halves of bytes; Python rounds 7.5 to even where JavaScript, which we follow, rounds it up.
    for one, other in zip(ours[5:], theirs[5:], strict=True):
        assert abs(one % 16 - other % 16) <= 1
        assert abs(one // 16 - other // 16) <= 1


def test_a_thumbhash_of_one_colour_and_of_a_large_picture() -> None:
    assert len(base64.b64decode(thumbhash(Image.new("RGB", (64, 64), "black")))) >= 5
    assert len(base64.b64decode(thumbhash(a_scene(1024, 768)))) in range(20, 26)
