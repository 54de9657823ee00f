"""ThumbHash: a picture's blurred look in about 25 bytes, shown while the picture loads.

After Evan Wallace's algorithm and reference code (https://github.com/evanw/thumbhash, MIT), for opaque pictures:
the average colour and the first cosine terms of the luminance and of two colour differences.
"""

import base64

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_LARGEST = 100
_TERMS = 7


def thumbhash(picture: Image.Image) -> str:
    """The ThumbHash of an RGB picture in base64."""
    small = picture.convert("RGB")
    small.thumbnail((_LARGEST, _LARGEST), Image.Resampling.BOX)
    return base64.b64encode(_hash(np.asarray(small, dtype=np.float64) / 255)).decode()


def _hash(rgb: NDArray[np.float64]) -> bytes:
    """The hash of pixels (H, W, 3) in 0 to 1."""
    height, width, _ = rgb.shape
    across = max(1, _round(_TERMS * width / max(width, height)))
    down = max(1, _round(_TERMS * height / max(width, height)))
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    light, light_terms, light_scale = _channel(rgb.mean(axis=2), max(3, across), max(3, down))
    yellow, yellow_terms, yellow_scale = _channel((red + green) / 2 - blue, 3, 3)
    pink, pink_terms, pink_scale = _channel(red - green, 3, 3)
    is_landscape = width > height
    head = (
        _round(63 * light)
        | _round(31.5 + 31.5 * yellow) << 6
        | _round(31.5 + 31.5 * pink) << 12
        | _round(31 * light_scale) << 18
    )
    tail = (
        (down if is_landscape else across)
        | _round(63 * yellow_scale) << 3
        | _round(63 * pink_scale) << 9
        | is_landscape << 15
    )
    terms = [_round(15 * term) for term in (*light_terms, *yellow_terms, *pink_terms)]
    return head.to_bytes(3, "little") + tail.to_bytes(2, "little") + _nibbles(terms)


def _channel(pixels: NDArray[np.float64], across: int, down: int) -> tuple[float, list[float], float]:
    """The mean of pixels (H, W), their other cosine terms brought to 0 to 1, and the largest of these."""
    height, width = pixels.shape
    waves_x = np.cos(np.pi / width * np.outer(np.arange(across), np.arange(width) + 0.5))
    waves_y = np.cos(np.pi / height * np.outer(np.arange(down), np.arange(height) + 0.5))
    terms = waves_y @ pixels @ waves_x.T / pixels.size
    kept = [float(terms[y, x]) for y in range(down) for x in range(across) if x * down < across * (down - y)]
    mean, others = kept[0], kept[1:]
    scale = max(abs(term) for term in others)
    return mean, [0.5 + 0.5 / scale * term if scale else term for term in others], scale


def _nibbles(values: list[int]) -> bytes:
    """Two four-bit values a byte, the lower half first."""
    padded = [*values, 0] if len(values) % 2 else values
    return bytes(low | high << 4 for low, high in zip(padded[::2], padded[1::2], strict=True))


def _round(value: float) -> int:
    """Half up, as JavaScript's Math.round."""
    return int(np.floor(value + 0.5))
