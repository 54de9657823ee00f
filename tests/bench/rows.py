"""One measured figure, as `.bench/latest.json` keeps it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A figure beside its reference of the same run; `goal` bounds the ratio where there is one, else the value."""

    name: str
    value: float
    unit: str
    reference: float | None = None
    ratio: float | None = None
    goal: float | None = None
    at_least: bool = False
    """Whether the goal is a lower bound."""

    @property
    def ok(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is None:
            return None
        figure = self.value if self.ratio is None else self.ratio
        return figure >= self.goal if self.at_least else figure <= self.goal
