"""The size that a start picture takes: its own shape, in what a model can edit."""

import math
from dataclasses import astuple, dataclass

from contract.limits import SIDE_STEP


@dataclass(frozen=True, slots=True)
class SizeRange:
    """At most so many pixels in all, and the shortest and longest width and height."""

    area: int
    shortest_width: int
    longest_width: int
    shortest_height: int
    longest_height: int

    def numbers(self) -> tuple[int, ...]:
        """All of it, in the order of the fields."""
        return astuple(self)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height, near the shape of a picture of this size: a shape that the sides forbid is cropped."""
        ideal = width * math.sqrt(self.area / (width * height))
        widest = min(self.longest_width, self.area // self.shortest_height)
        wide = _within(_nearest(ideal), self.shortest_width, widest)
        high = min(_nearest(wide * height / width), _below(self.area / wide))
        return wide, _within(high, self.shortest_height, self.longest_height)


def _within(side: int, shortest: int, longest: int) -> int:
    return max(shortest, min(side, longest))


def _nearest(side: float) -> int:
    return round(side / SIDE_STEP) * SIDE_STEP


def _below(side: float) -> int:
    return int(side // SIDE_STEP) * SIDE_STEP
