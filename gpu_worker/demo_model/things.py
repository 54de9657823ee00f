"""The list of things that the demo model is taught; where their pictures lie is left to icons.py."""

from dataclasses import dataclass
from pathlib import Path

THINGS_FILE = Path(__file__).with_name("things.txt")


@dataclass(frozen=True)
class Thing:
    """One everyday thing: its emoji's English label and the names that prompts use for it."""

    label: str
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """The most common name."""
        return self.names[0]


def read_things(path: Path = THINGS_FILE) -> list[Thing]:
    """Return the things in the order of the file."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [_parse(line) for line in lines if line and not line.startswith("#")]


def _parse(line: str) -> Thing:
    label, _, names = line.partition(" = ")
    return Thing(label=label, names=tuple(name.strip() for name in names.split(",")))
