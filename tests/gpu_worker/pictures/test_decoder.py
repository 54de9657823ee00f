"""Foreign pictures: read right, refused, or given up in a process that has nothing to lose."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gpu_worker.failures import TaskFailure
from gpu_worker.pictures.decoder import Decoder
from gpu_worker.pictures.sizes import SizeRange
from tests.gpu_worker.hostile import READABLE, TOO_LARGE, UNREADABLE, a_file, a_jpeg_of_many_scans, a_photo
from tests.gpu_worker.models import REPOSITORY

SMALL = SizeRange(8 * 8, 8, 8, 8, 8)


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    decoder = Decoder()
    yield decoder
    decoder.close()


def refusal(decoder: Decoder, data: bytes) -> str:
    """Why a file is refused."""
    with pytest.raises(TaskFailure) as refused:
        decoder.open(data, size_range=SMALL)
    assert (refused.value.code, refused.value.retryable) == ("bad_picture", False)
    return refused.value.detail


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_whole_picture_is_refused(decoder: Decoder, name: str) -> None:
    assert "no PNG, JPEG or WebP, or it is damaged" in refusal(decoder, UNREADABLE[name])


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_bomb_is_refused_by_its_header(decoder: Decoder, name: str) -> None:
    assert "too large: up to 8,192 pixels a side and 16 million in all" in refusal(decoder, TOO_LARGE[name])


@pytest.mark.parametrize("name", READABLE)
def test_what_only_looks_dangerous_is_read(decoder: Decoder, name: str) -> None:
    assert decoder.open(READABLE[name], size_range=SMALL).size == (8, 8)


@pytest.mark.parametrize("name", ["a WebP of many frames", "a PNG of many frames"])
def test_of_an_animation_the_first_picture_counts(decoder: Decoder, name: str) -> None:
    red, green, _ = decoder.open(READABLE[name], size_range=SMALL).getpixel((4, 4))  # type: ignore[misc]
    assert red > 240
    assert green < 15


@pytest.mark.slow
def test_a_picture_that_takes_too_long_is_given_up_and_the_next_one_is_read(decoder: Decoder) -> None:
    before = decoder._running().pid
    assert "damaged" in refusal(decoder, a_jpeg_of_many_scans(4096, scans=3000))
    assert decoder.open(a_photo(), size_range=None).size == (90, 60)
    assert decoder._running().pid != before


def test_a_process_that_was_killed_is_replaced(decoder: Decoder) -> None:
    process = decoder._running()
    process.kill()
    process.wait()
    assert decoder.open(a_photo(), size_range=None).size == (90, 60)


def test_the_process_may_neither_take_much_memory_nor_write_files(tmp_path: Path) -> None:
    greedy = f"""
from gpu_worker.pictures import decoder_process
decoder_process.confine()
try:
    bytearray(2 << 30)
except MemoryError:
    print("no memory", flush=True)
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    with open({str(tmp_path / "file")!r}, "w") as file:
        file.write("x")
except OSError:
    print("no files", flush=True)
"""
    done = subprocess.run([sys.executable, "-c", greedy], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["no memory", "no files", ""]


def test_the_process_knows_no_credentials(decoder: Decoder) -> None:
    environment = Path(f"/proc/{decoder._running().pid}/environ").read_bytes().split(b"\0")
    assert {line.partition(b"=")[0] for line in environment if line} <= {b"PYTHONPATH", b"LC_CTYPE"}


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16"])
def test_every_colour_mode_is_read(decoder: Decoder, mode: str) -> None:
    assert decoder.open(a_file(Image.new(mode, (9, 9))), size_range=SMALL).mode == "RGB"


def test_sixteen_bits_of_grey_stay_grey(decoder: Decoder) -> None:
    grey = decoder.open(a_file(Image.new("I;16", (8, 8), 0x8080)), size_range=None)
    assert grey.getpixel((4, 4)) == (128, 128, 128)


def test_inks_become_colours(decoder: Decoder) -> None:
    red = decoder.open(a_file(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG"), size_range=None)
    assert red.getpixel((8, 8)) == pytest.approx((255, 0, 0), abs=3)


def test_a_transparent_colour_of_a_palette_becomes_white(decoder: Decoder) -> None:
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([255, 0, 0, 0, 255, 0])
    palette.putpixel((0, 0), 0)
    read = decoder.open(a_file(palette, transparency=1), size_range=None)
    assert (read.getpixel((0, 0)), read.getpixel((4, 4))) == ((255, 0, 0), (255, 255, 255))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 400), st.sampled_from(["PNG", "JPEG", "WEBP"]))
def test_damaged_pictures_are_read_or_refused(decoder: Decoder, noise: bytes, at: int, kind: str) -> None:
    data = bytearray(a_photo((24, 16), kind=kind))
    data[at : at + len(noise)] = noise
    with contextlib.suppress(TaskFailure):
        assert decoder.open(bytes(data), size_range=SMALL).size == (8, 8)
