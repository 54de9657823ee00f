"""Pictures made to do harm, or at least to be misread."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def a_file(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The picture as a file of this format."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def a_photo(size: tuple[int, int] = (90, 60), colour: str = "green", kind: str = "JPEG") -> bytes:
    """A file of one colour."""
    return a_file(Image.new("RGB", size, colour), kind)


def a_png(*chunks: tuple[bytes, bytes], size: tuple[int, int] = (8, 8), pixels: bytes | None = None) -> bytes:
    """A PNG in RGB with these chunks before its pixels, which are black unless they are given compressed."""
    width, height = size
    black = zlib.compress(b"\0" * (1 + 3 * width) * height) if pixels is None else pixels
    header = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*c) for c in (header, *chunks, (b"IDAT", black), (b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def a_jpeg_of_many_scans(side: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again: few bytes, and each as much work as the picture."""
    data = a_file(Image.new("L", (side, side), 100), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * scans + b"\xff\xd9"


def many_frames(kind: str, frames: int = 200) -> bytes:
    """An animation that begins with red."""
    pictures = [Image.new("RGB", (16, 16), (255 - i, i, 0)) for i in range(frames)]
    return a_file(pictures[0], kind, save_all=True, append_images=pictures[1:])


_MEGABYTE = b"\0" * (1 << 20)


def _megabytes(count: int) -> bytes:
    """So many megabytes of zeros as zlib would compress them, made from one that stands there again and again."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    block = compressor.compress(_MEGABYTE) + compressor.flush(zlib.Z_FULL_FLUSH)
    checksum = (count * len(_MEGABYTE) % 65_521) << 16 | 1
    return b"\x78\x9c" + block * count + b"\x03\0" + struct.pack(">I", checksum)


TOO_LARGE = {
    f"{width} × {height} pixels": a_png(size=(width, height), pixels=zlib.compress(b""))
    for width, height in ((60_000, 60_000), (9_000, 9_000), (8_193, 1), (1, 8_193), (5_000, 4_000))
}
"""Bombs by their header."""

UNREADABLE = {
    "nothing": b"",
    "one byte": b"\x89",
    "words": b"a picture of a fox",
    "a page": b"<html><script>alert(1)</script></html>",
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>',
    "a GIF": a_photo(kind="GIF"),
    "a TIFF": a_photo(kind="TIFF"),
    "a BMP": a_photo(kind="BMP"),
    "an icon": a_photo((16, 16), kind="ICO"),
    "a GIF that begins as a PNG": b"\x89PNG\r\n\x1a\n" + a_photo(kind="GIF"),
    "a PNG that begins as a JPEG": b"\xff\xd8\xff" + a_photo(kind="PNG"),
    "a JPEG in the coat of a WebP": b"RIFF\xff\0\0\0WEBP" + a_photo(),
    "a PostScript program": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\nquit\n",
    "a JPEG without its end": a_photo()[:-400],
    "a PNG without its pixels": a_photo((64, 64), kind="PNG")[:60],
    "a WebP without its end": a_photo((64, 64), kind="WEBP")[:40],
    "a PNG whose checksum is wrong": a_photo(kind="PNG").replace(b"IHDR\0\0\0\x5a", b"IHDR\0\0\0\x5b"),
    "a PNG of no width": a_png(size=(0, 8)),
    "a thousand times as much text": a_png((b"zTXt", b"key\0\0" + _megabytes(1000))),
    "a thousand times as much of a profile": a_png((b"iCCP", b"key\0\0" + _megabytes(1000))),
    "a hundred texts": a_png(*[(b"zTXt", b"key\0\0" + zlib.compress(_MEGABYTE[:-1]))] * 100),
}
"""What no decoder should be asked to show, by name."""

READABLE = {
    "a WebP of many frames": many_frames("WEBP"),
    "a PNG of many frames": many_frames("PNG"),
    "a PNG with more pixels than it says": a_png(pixels=_megabytes(64)),
    "a PNG with something behind its end": a_photo(kind="PNG") + b"<script>alert(1)</script>" * 1000,
    "a JPEG with a long comment": a_file(Image.new("RGB", (8, 8)), "JPEG", comment=b"{{subject}} $(id) %s" * 3000),
    "a JPEG turned in a way there is none": a_file(
        Image.new("RGB", (8, 8)), "JPEG", exif=b"Exif\0\0MM\0*" + b"\xff" * 60
    ),
}
"""What looks dangerous and can be shown all the same, by name."""
