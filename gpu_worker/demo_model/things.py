"""The things that the demo model is taught, and the words for them; where their pictures lie is left to icons.py."""

from dataclasses import dataclass
from pathlib import Path

THINGS_FILE = Path(__file__).with_name("things.txt")
DESCRIPTIONS_FILE = Path(__file__).with_name("descriptions.txt")
REWORDED_FILE = Path(__file__).with_name("reworded.txt")


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
    return [Thing(label=label, names=_list(names, ",")) for label, names in _pairs(path)]


def read_descriptions(path: Path = DESCRIPTIONS_FILE) -> dict[str, tuple[str, ...]]:
    """Return for the name of each thing what it is described as in training: "a pet that barks"."""
    return {name: _list(texts, ";") for name, texts in _pairs(path)}


def read_reworded(path: Path = REWORDED_FILE) -> list[tuple[str, str]]:
    """Return (name, prompt) of the prompts that ask for a thing in words never trained."""
    return _pairs(path)


def _pairs(path: Path) -> list[tuple[str, str]]:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    parts = [line.partition(" = ") for line in lines if line and not line.startswith("#")]
    return [(left, right) for left, _, right in parts]


def _list(texts: str, separator: str) -> tuple[str, ...]:
    return tuple(text.strip() for text in texts.split(separator))
