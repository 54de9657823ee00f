"""Pictures as files: outputs with their origin embedded, thumbnails, and start pictures from elsewhere."""

import atexit
import hashlib
import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from contract.limits import THUMB_SIDE
from contract.messages import TaskRequested
from gpu_worker.pictures.decoder import Decoder
from gpu_worker.pictures.sizes import SizeRange

_DECODER = Decoder()
"""One for the process: its own process decodes one picture at a time, which bounds the memory that pictures take."""
atexit.register(_DECODER.close)


@dataclass(frozen=True, slots=True)
class StartPicture:
    """What a step starts from, and the SHA-256 of the file that it was."""

    picture: Image.Image
    digest: str


def open_start(data: bytes, *, size_range: SizeRange | None) -> StartPicture:
    """The picture in these bytes, turned upright, on white, in its own size or in that which `size_range` gives it.

    Raises TaskFailure for anything that is no PNG, JPEG or WebP within the limits of uploads.
    """
    return StartPicture(_DECODER.open(data, size_range=size_range), hashlib.sha256(data).hexdigest())


def origin(request: TaskRequested, *, seed: int, start_digest: str | None) -> dict[str, Any]:
    """What determines the pixels of one output, and nothing else: no ids, no times, no hardware."""
    params = request.params.model_dump(exclude={"count"})
    if start_digest is not None:
        params["image"] = f"sha256:{start_digest}"
    return {
        "model": request.model,
        "revision": request.revision,
        "kind": request.kind,
        "params": params,
        "seed": seed,
    }


def encode_png(picture: Image.Image, *, made_from: dict[str, Any]) -> bytes:
    """A PNG that carries its origin as JSON (`atelier`) and as the text that other tools read (`parameters`)."""
    info = PngInfo()
    info.add_itxt("atelier", json.dumps(made_from, ensure_ascii=False, sort_keys=True))
    if "prompt" in made_from["params"]:
        info.add_itxt("parameters", _parameters(made_from, picture.size))
    file = BytesIO()
    picture.save(file, "PNG", pnginfo=info)
    return file.getvalue()


def encode_thumb(picture: Image.Image) -> bytes:
    """A WebP of at most 320 × 320 pixels, never larger than the picture."""
    small = picture.copy()
    small.thumbnail((THUMB_SIDE, THUMB_SIDE), Image.Resampling.LANCZOS)
    file = BytesIO()
    small.save(file, "WEBP", quality=75, method=2)
    return file.getvalue()


def _parameters(made_from: dict[str, Any], size: tuple[int, int]) -> str:
    """The widespread form: the prompt, a line of what to avoid, a line of settings."""
    params = made_from["params"]
    lines = [params["prompt"]]
    if params["negative_prompt"]:
        lines.append(f"Negative prompt: {params['negative_prompt']}")
    settings = {
        "Steps": params["denoise_steps"],
        "CFG scale": f"{params['guidance']:g}",
        "Seed": made_from["seed"],
        "Size": f"{size[0]}x{size[1]}",
        "Model": made_from["model"],
        "Model hash": made_from["revision"][:10],
    }
    if "strength" in params:
        settings["Denoising strength"] = f"{params['strength']:g}"
    lines.append(", ".join(f"{name}: {value}" for name, value in settings.items()))
    return "\n".join(lines)
