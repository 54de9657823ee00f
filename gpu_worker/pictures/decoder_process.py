"""The program of a process that decodes untrusted pictures, so that what breaks, floods or stalls it harms nobody else.

It is asked over standard input and answers over standard output, one picture after another; `decoder` is at the other
end. A file of 4 MB can hold a hundred thousand scans of a progressive JPEG, half an hour of work: its time ends it.
"""

import resource
import signal
import struct
import sys
import warnings
from io import BytesIO

from PIL import Image, ImageOps

from contract.limits import MAX_UPLOAD_PIXELS, MAX_UPLOAD_SIDE
from gpu_worker.pictures.sizes import SizeRange

REQUEST = struct.Struct(">6I")
"""Bytes of the file that follows, and the numbers of the sizes that it has to fit; zeros leave its size."""
ANSWER = struct.Struct(">BII")
"""What came out, and the size of the picture whose RGB bytes follow."""
READY, FINE, DAMAGED, TOO_LARGE = range(4)

MEMORY_BYTES = 1 << 30
"""Of addresses. What took the most within the limits, an animated WebP of 16 million pixels, took half of it."""
CPU_SECONDS = 5
"""For one picture; the slowest ordinary one within the limits, a JPEG in inks, took 1.3."""

_FORMATS = ("PNG", "JPEG", "WEBP")


def flat(data: bytes, *, size_range: SizeRange | None) -> Image.Image:
    """The picture in these bytes, turned upright, on white, in RGB, in the size that `size_range` gives it.

    Raises DecompressionBombError for a picture over the limits of uploads, and whatever decoders trip over.
    """
    with Image.open(BytesIO(data), formats=_FORMATS) as image:
        # Only the header has been read so far: a bomb is refused before a pixel is decoded.
        if max(image.size) > MAX_UPLOAD_SIDE or image.width * image.height > MAX_UPLOAD_PIXELS:
            raise Image.DecompressionBombError
        upright = ImageOps.exif_transpose(image)
    picture = _on_white(upright)
    if size_range is None:
        return picture
    return ImageOps.fit(picture, size_range.size(*picture.size), Image.Resampling.LANCZOS)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut to white instead of scaling them
        return image.convert("I").point(lambda grey: grey * (1 / 256)).convert("L").convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def answer(data: bytes, *, size_range: SizeRange | None) -> tuple[bytes, bytes]:
    """The head and the body of the answer to one request."""
    try:
        picture = flat(data, size_range=size_range)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return ANSWER.pack(TOO_LARGE, 0, 0), b""
    except Exception:  # noqa: BLE001 -- decoders meet untrusted bytes and raise whatever they trip over
        return ANSWER.pack(DAMAGED, 0, 0), b""
    return ANSWER.pack(FINE, *picture.size), picture.tobytes()


def confine() -> None:
    """Take from this process what decoding does not need."""
    # Told to stop, the worker still finishes pictures; this process ends with the worker's end of the pipe.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    Image.MAX_IMAGE_PIXELS = MAX_UPLOAD_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def main() -> None:
    """Answer until the other end is gone."""
    confine()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sink.write(ANSWER.pack(READY, 0, 0))
    sink.flush()
    while head := source.read(REQUEST.size):
        length, *numbers = REQUEST.unpack(head)
        # The kernel ends the process when this much processor time is used: no decoder has to agree.
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        parts = answer(source.read(length), size_range=SizeRange(*numbers) if any(numbers) else None)
        signal.setitimer(signal.ITIMER_PROF, 0)
        sink.writelines(parts)
        sink.flush()


if __name__ == "__main__":
    main()
