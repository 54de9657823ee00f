"""Colour words: find a picture's dominant colour, name it, and repaint it in another.

Works in OKLab, where equal steps look equal, so that a yellow repainting comes out bright and a blue one
dark. Composing pictures is left to pictures.py.
"""

from dataclasses import dataclass

import numpy as np

from gpu_worker.pictures.oklab import Floats, to_oklab, to_rgb

# Lightness, chroma and hue in degrees of each colour word, picked to sit well beside the flat emoji.
COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.60, 0.22, 27),
    "orange": (0.73, 0.17, 57),
    "yellow": (0.88, 0.17, 95),
    "green": (0.70, 0.19, 145),
    "blue": (0.60, 0.18, 252),
    "purple": (0.55, 0.20, 300),
    "pink": (0.77, 0.15, 352),
    "brown": (0.46, 0.08, 50),
    "white": (0.925, 0.005, 90),
    "grey": (0.66, 0.005, 270),
    "black": (0.28, 0.01, 290),
}
_GREYISH = 0.045  # chroma under which an eye calls a flat area grey, white or black
_NEAR_DEGREES = 38.0
_LIGHTNESS_BANDS = (0.0, 0.45, 0.84, 1.01)
_HUE_BINS = 36
# A coloured part names a thing although a larger part of it is white: a lifebuoy is "red".
_COLOUR_FAVOUR = 1.6


def colour_lab(word: str) -> Floats:
    """Return the OKLab (3,) of a colour word; KeyError when there is no such word."""
    lightness, chroma, hue = COLOURS[word]
    angle = np.deg2rad(hue)
    return np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])


def colour_rgb(word: str) -> Floats:
    """Return the sRGB (3,) in 0…1 of a colour word."""
    return to_rgb(colour_lab(word))


def nearest_word(lab: Floats) -> str:
    """Return the colour word nearest to an OKLab colour (3,)."""
    weights = np.array([0.6, 1.0, 1.0])
    return min(COLOURS, key=lambda word: float(np.linalg.norm((colour_lab(word) - lab) * weights)))


@dataclass(frozen=True)
class Dominant:
    """The part of a picture (H, W) that its colour word speaks of, and that part's mean OKLab (3,)."""

    weight: Floats
    mean: Floats

    @property
    def word(self) -> str:
        """The colour word for the part."""
        return nearest_word(self.mean)


def dominant(rgba: Floats) -> Dominant:
    """Return the dominant part of a picture (H, W, 4) in 0…1 with straight alpha."""
    lab, alpha = to_oklab(rgba[..., :3]), rgba[..., 3]
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    hue = np.rad2deg(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    coloured = alpha * (chroma > _GREYISH)
    best_hue, hue_area = _best_hue(hue, coloured)
    best_band, band_area = _best_band(lab[..., 0], alpha - coloured)
    if hue_area * _COLOUR_FAVOUR >= band_area:
        weight = _ramp(_NEAR_DEGREES - _turn(hue, best_hue), 10.0) * _ramp(chroma - _GREYISH, 0.02)
    else:
        low, high = best_band
        weight = _ramp(_GREYISH + 0.02 - chroma, 0.02) * ((lab[..., 0] >= low) & (lab[..., 0] < high))
    total = np.maximum((weight * alpha).sum(), 1e-6)
    return Dominant(weight=weight, mean=(lab * (weight * alpha)[..., None]).sum((0, 1)) / total)


def repaint(rgba: Floats, *, word: str) -> Floats:
    """Return the picture (H, W, 4) with its dominant part in the colour of the word."""
    part = dominant(rgba)
    lab, target = to_oklab(rgba[..., :3]), colour_lab(word)
    lightness = target[0] + (lab[..., 0] - part.mean[0]) * 0.75
    mean_chroma = np.hypot(part.mean[1], part.mean[2])
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    # Shading of a coloured part shows in its chroma; a grey part has none to keep.
    relative = np.clip(chroma / mean_chroma, 0.5, 1.25) if mean_chroma > _GREYISH else np.ones_like(chroma)
    painted = np.stack([np.clip(lightness, 0.08, 0.985), target[1] * relative, target[2] * relative], axis=-1)
    mixed = lab + part.weight[..., None] * (painted - lab)
    return np.concatenate([to_rgb(mixed), rgba[..., 3:]], axis=-1)


def _best_hue(hue: Floats, area: Floats) -> tuple[float, float]:
    counts, edges = np.histogram(hue, bins=_HUE_BINS, range=(0, 360), weights=area)
    near = sum(np.roll(counts, shift) for shift in range(-3, 4))
    best = int(np.argmax(near))
    return float((edges[best] + edges[best + 1]) / 2), float(near[best])


def _best_band(lightness: Floats, area: Floats) -> tuple[tuple[float, float], float]:
    counts, _ = np.histogram(lightness, bins=_LIGHTNESS_BANDS, weights=area)
    best = int(np.argmax(counts))
    return (_LIGHTNESS_BANDS[best], _LIGHTNESS_BANDS[best + 1]), float(counts[best])


def _turn(hue: Floats, centre: float) -> Floats:
    return np.abs((hue - centre + 180) % 360 - 180)


def _ramp(value: Floats, width: float) -> Floats:
    return np.clip(value / width + 0.5, 0.0, 1.0)
