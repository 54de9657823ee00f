"""Reads what an uploaded picture says of itself from its first bytes; pixels are for the worker to decode."""

from dataclasses import dataclass
from typing import Literal

from lambdas.domain.errors import NotAPicture

Format = Literal["png", "jpeg", "webp"]

_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_JPEG = b"\xff\xd8\xff"
# Start-of-frame markers; C4 (tables), C8 (reserved) and CC (arithmetic tables) lie between them.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})


@dataclass(frozen=True, slots=True)
class Header:
    """Format and size in pixels."""

    format: Format
    width: int
    height: int


def read_header(data: bytes) -> Header:
    """What a PNG, JPEG or WebP file declares; raises NotAPicture."""
    if data.startswith(_PNG):
        header = _png(data)
    elif data.startswith(_JPEG):
        header = _jpeg(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        header = _webp(data)
    else:
        header = None
    if header is None or header.width == 0 or header.height == 0:
        raise NotAPicture("Send a PNG, JPEG or WebP file; this is none, or its beginning is broken.")
    return header


def _png(data: bytes) -> Header | None:
    """IHDR: width and height, four bytes each (PNG specification, 11.2.1)."""
    if len(data) < 33:
        return None
    return Header("png", _big(data[16:20]), _big(data[20:24]))


def _jpeg(data: bytes) -> Header | None:
    """The first frame header, found by walking the segments before it (ITU-T T.81, B.1.1)."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _JPEG_BARE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _JPEG_FRAMES:
            frame = data[at + 4 : at + 9]
            return Header("jpeg", _big(frame[3:5]), _big(frame[1:3])) if len(frame) == 5 else None
        at += 2 + max(_big(data[at + 2 : at + 4]), 2)
    return None


def _webp(data: bytes) -> Header | None:
    """The first chunk: lossy, lossless or extended (RFC 9649, 2.5 to 2.7)."""
    chunk, body = data[12:16], data[20:30]
    if len(body) < 10:
        return None
    if chunk == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        return Header("webp", _little(body[6:8]) & 0x3FFF, _little(body[8:10]) & 0x3FFF)
    if chunk == b"VP8L" and body[0] == 0x2F:
        bits = _little(body[1:5])
        return Header("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if chunk == b"VP8X":
        return Header("webp", _little(body[4:7]) + 1, _little(body[7:10]) + 1)
    return None


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
