"""What the worker asks of an engine, whatever its kind."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PIL.Image import Image

from contract.kinds import Params

Made = str | Image
"""A text or a picture, as an engine made it."""

OnStep = Callable[[int, float], bool]
"""Called with a row's index and how far it is (0 to 1); False when nobody wants the row any more."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One output to make, and everything that determines it."""

    params: Params
    seed: int
    picture: Image | None = None
    """What `edit`, `caption` and `upscale` start from; for `edit` in the model's size."""

    @property
    def start(self) -> Image:
        """The picture that the row has to carry; raises ValueError when it does not."""
        if self.picture is None:
            raise ValueError("a row of this kind carries the picture to start from")
        return self.picture


class Engine(Protocol):
    """One kind of one loaded model; not to be used from two threads at once."""

    tokens: int
    """Drawn since the model was loaded; pictures have none."""

    def key(self, row: Row) -> Hashable:
        """Rows of equal keys fit into one batch; raises TaskFailure for a row that cannot be made."""
        ...

    def run(self, rows: Sequence[Row], *, size: int, on_step: OnStep) -> Iterator[tuple[int, Made]]:
        """The outputs with their rows' indices, each as soon as it is there; rows not wanted any more are left out.

        `size` is the fixed number of rows of the batch (strict mode), at least that of `rows`. Raises TaskFailure.
        """
        ...


@runtime_checkable
class Previewing(Protocol):
    """An engine that can show what it is at."""

    def preview(self, i: int) -> Image | None:
        """How row `i` of the running batch looks, small and rough; None where that cannot be told (yet).

        To be called from within `on_step` alone; a batch that nobody looks at pays nothing for it.
        """
        ...
