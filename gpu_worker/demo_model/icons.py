"""Icon packages from npm: fetch them once into a cache folder and find a thing's SVG in them."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

# Pinned: another release may redraw a picture and so change what the model learns.
PACKAGES = (
    "@iconify-json/fluent-emoji-flat@1.2.6",
    "@iconify-json/noto@1.2.9",
    "emojibase-data@17.0.0",
)
# Sets that no generator of this project is trained on, for its judge alone.
JUDGE_PACKAGES = (
    "@iconify-json/twemoji@1.2.5",
    "@iconify-json/fluent-emoji@1.2.7",
    "@iconify-json/emojione@1.2.3",
    "@iconify-json/noto-v1@1.2.5",
    "@iconify-json/fxemoji@1.2.2",
)
JUDGE_SETS = tuple(package.rpartition("@")[0] for package in JUDGE_PACKAGES)
FLAT = "@iconify-json/fluent-emoji-flat"
NOTO = "@iconify-json/noto"
_VARIATION_SELECTOR = "fe0f"


@dataclass(frozen=True)
class Icon:
    """The body of one SVG and the size of its square view box."""

    body: str
    view: int

    def svg(self) -> str:
        """Return a whole SVG document."""
        box = f"0 0 {self.view} {self.view}"
        spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        return f'<svg {spaces} viewBox="{box}">{self.body}</svg>'


def fetch(folder: Path, packages: Sequence[str] = PACKAGES) -> Path:
    """Install the pinned packages under folder unless they are there; return their node_modules."""
    modules = folder / "node_modules"
    if not all((modules / name.rpartition("@")[0]).is_dir() for name in packages):
        folder.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm")
        if npm is None:
            msg = "npm is needed to fetch the training pictures: install Node.js 20 or later"
            raise RuntimeError(msg)
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
        subprocess.run([npm, "install", *options, *packages], check=True)
    return modules


class IconSets:
    """Looks icons up by the English label that emojibase gives an emoji."""

    def __init__(self, modules: Path, sets: Sequence[str] = (FLAT, NOTO)) -> None:
        emojis = _read_json(modules / "emojibase-data" / "en" / "data.json")
        self._codes = {emoji["label"]: _plain(emoji["hexcode"]) for emoji in emojis}
        self._sets = {name: _IconSet.read(modules / name) for name in sets}

    def icon(self, label: str, *, package: str) -> Icon:
        """Return the SVG of a label; KeyError when the label or its picture is unknown."""
        return self._sets[package].icon(code=self._codes[label], label=label)


@dataclass(frozen=True)
class _IconSet:
    """One package: names by code point where it lists them, and icons by name."""

    names: dict[str, str]
    icons: dict[str, Any]
    view: int

    @classmethod
    def read(cls, folder: Path) -> "_IconSet":
        names = {_plain(code): name for code, name in _read_json(folder / "chars.json").items()}
        data = _read_json(folder / "icons.json")
        return cls(names=names, icons=data["icons"], view=data.get("width", 16))

    def icon(self, *, code: str, label: str) -> Icon:
        entry = self.icons[self.names[code]] if self.names else self._by_label(label)
        return Icon(body=entry["body"], view=entry.get("width", self.view))

    def _by_label(self, label: str) -> Any:
        """Sets without code points name their icons after the emoji, with or without hyphens."""
        slug = label.lower().replace("’", "").replace(" ", "-")
        return self.icons[slug if slug in self.icons else slug.replace("-", "")]


def _plain(hexcode: str) -> str:
    parts = hexcode.lower().split("-")
    return "-".join(part for part in parts if part != _VARIATION_SELECTOR)


@cache
def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
