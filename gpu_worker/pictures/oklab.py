"""Colours in OKLab, where equal steps look equal (Björn Ottosson, 2020, https://bottosson.github.io/consumers/oklab/)."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]

_M1 = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_M2 = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_M1_INVERSE = np.linalg.inv(_M1)
_M2_INVERSE = np.linalg.inv(_M2)


def to_oklab(rgb: Floats) -> Floats:
    """Return OKLab of sRGB in 0…1, both (..., 3)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _M1.T) @ _M2.T


def to_rgb(lab: Floats) -> Floats:
    """Return sRGB clipped to 0…1 of OKLab, both (..., 3)."""
    linear = np.clip((lab @ _M2_INVERSE.T) ** 3 @ _M1_INVERSE.T, 0.0, 1.0)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
