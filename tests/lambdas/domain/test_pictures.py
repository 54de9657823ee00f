"""Headers of pictures are read as an imaging library reads them, and nothing else is taken for one."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lambdas.domain.errors import NotAPicture
from lambdas.domain.pictures import Header, read_header


def picture(format_: str, *, width: int = 40, height: int = 30, mode: str = "RGB", **how: Any) -> bytes:
    data = io.BytesIO()
    Image.new(mode, (width, height), 1).save(data, format_, **how)
    return data.getvalue()


@pytest.mark.parametrize(
    ("format_", "mode", "how"),
    [
        ("PNG", "RGB", {}),
        ("PNG", "RGBA", {}),
        ("PNG", "1", {}),
        ("PNG", "P", {}),
        ("JPEG", "RGB", {}),
        ("JPEG", "L", {"progressive": True}),
        ("JPEG", "RGB", {"exif": b"Exif\x00\x00" + b"\xff\xc0" * 300, "comment": b"\xff\xc0 no frame"}),
        ("WEBP", "RGB", {"lossless": False}),
        ("WEBP", "RGB", {"lossless": True}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("WEBP", "RGBA", {"lossless": False}),
        ("WEBP", "RGB", {"exif": b"Exif\x00\x00hello"}),
    ],
)
@given(width=st.integers(1, 300), height=st.integers(1, 300))
def test_format_and_size_are_read(format_: str, mode: str, how: dict[str, Any], width: int, height: int) -> None:
    data = picture(format_, width=width, height=height, mode=mode, **how)
    assert read_header(data) == Header(format_.lower(), width, height)  # type: ignore[arg-type]


def test_a_jpeg_may_have_fill_bytes_before_its_frame() -> None:
    data = picture("JPEG")
    assert read_header(data[:2] + b"\xff\xff\xff" + data[2:]) == Header("jpeg", 40, 30)


@pytest.mark.parametrize("format_", ["GIF", "BMP", "TIFF", "ICO"])
def test_other_formats_are_refused(format_: str) -> None:
    with pytest.raises(NotAPicture):
        read_header(picture(format_))


@pytest.mark.parametrize(
    "data", [b"", b"<svg></svg>", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"]
)
def test_what_only_begins_like_a_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        read_header(data)


@pytest.mark.parametrize("format_", ["PNG", "JPEG"])
def test_a_picture_without_a_side_is_refused(format_: str) -> None:
    data = bytearray(picture(format_))
    at = 16 if format_ == "PNG" else data.index(b"\xff\xc0") + 5
    data[at : at + 4] = bytes(4)
    with pytest.raises(NotAPicture):
        read_header(bytes(data))


@given(
    start=st.sampled_from([picture("PNG"), picture("JPEG"), picture("WEBP"), picture("WEBP", lossless=True)]),
    at=st.integers(0, 200),
    noise=st.binary(max_size=60),
)
def test_broken_bytes_are_a_header_or_a_refusal_and_nothing_else(start: bytes, at: int, noise: bytes) -> None:
    try:
        header = read_header(start[:at] + noise)
    except NotAPicture:
        return
    assert header.width > 0
    assert header.height > 0
