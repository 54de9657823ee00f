"""The worker's end of the process that decodes untrusted pictures; what happens in there is `decoder_process`."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, cast

from PIL import Image

from contract.limits import MAX_UPLOAD_PIXELS, MAX_UPLOAD_SIDE
from gpu_worker.failures import TaskFailure
from gpu_worker.pictures import decoder_process
from gpu_worker.pictures.sizes import SizeRange

_REPOSITORY = Path(__file__).parents[2]
_COMMAND = (sys.executable, "-m", "gpu_worker.pictures.decoder_process")
_ANY_SIZE = (0,) * 5
_DAMAGED = "The picture to start from is no PNG, JPEG or WebP, or it is damaged."
_TOO_LARGE = (
    f"The picture to start from is too large: up to {MAX_UPLOAD_SIDE:,} pixels a side and "
    f"{MAX_UPLOAD_PIXELS >> 20} million in all can be read."
)


class Decoder:
    """Has one process at most, started when it is needed; pictures of several threads are decoded in turn."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def open(self, data: bytes, *, size_range: SizeRange | None) -> Image.Image:
        """The RGB picture in these bytes, upright and on white, in its own size or in that which `size_range` gives it.

        Raises TaskFailure for anything that is no PNG, JPEG or WebP within the limits of uploads, or that takes more
        memory or time than such a picture does.
        """
        with self._turn:
            process = self._running()
            try:
                return _ask(process, data, size_range=size_range)
            except TaskFailure:
                raise
            except EOFError:  # it ended over this picture
                self._end()
                raise TaskFailure("bad_picture", _DAMAGED) from None
            except BaseException:
                self._end()  # else what it still says would be taken for the next answer
                raise

    def close(self) -> None:
        """End the process; the next picture starts another one."""
        with self._turn:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process and self._process.poll() is None:
            return self._process
        self._end()
        self._process = process = subprocess.Popen(  # noqa: S603 -- of this package
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Nothing of the worker's environment, which may hold credentials.
            env={"PYTHONPATH": os.pathsep.join([str(_REPOSITORY), *filter(None, sys.path)])},
            start_new_session=True,
        )
        try:
            _read(process, decoder_process.ANSWER.size)
        except EOFError:
            self._end()
            raise RuntimeError("the process that decodes pictures does not start") from None
        return process

    def _end(self) -> None:
        if process := self._process:
            process.kill()
            process.communicate()
            self._process = None


def _ask(process: subprocess.Popen[bytes], data: bytes, *, size_range: SizeRange | None) -> Image.Image:
    """The picture; raises TaskFailure for a refused one, and EOFError when the process ended over it."""
    asked = cast("IO[bytes]", process.stdin)
    asked.writelines(
        (decoder_process.REQUEST.pack(len(data), *(size_range.numbers() if size_range else _ANY_SIZE)), data)
    )
    asked.flush()
    verdict, width, height = decoder_process.ANSWER.unpack(_read(process, decoder_process.ANSWER.size))
    if verdict != decoder_process.FINE:
        raise TaskFailure("bad_picture", _TOO_LARGE if verdict == decoder_process.TOO_LARGE else _DAMAGED)
    return Image.frombytes("RGB", (width, height), _read(process, width * height * 3))


def _read(process: subprocess.Popen[bytes], length: int) -> bytes:
    data = cast("IO[bytes]", process.stdout).read(length)
    if len(data) < length:
        raise EOFError
    return data
