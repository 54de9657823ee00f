"""Icon packages from npm: fetch them once into a cache folder and find a thing's SVG in them."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

# Pinned: another release may redraw a picture and so change what the model learns.
PACKAGES = (
    "@iconify-json/fluent-emoji-flat@1.2.7",
    "@iconify-json/noto@1.2.9",
    "emojibase-data@17.0.0",
)
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


def fetch(folder: Path) -> Path:
    """Install the pinned packages under folder unless they are there; return their node_modules."""
    modules = folder / "node_modules"
    if not all((modules / name.rpartition("@")[0]).is_dir() for name in PACKAGES):
        folder.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm")
        if npm is None:
            msg = "npm is needed to fetch the training pictures: install Node.js 20 or later"
            raise RuntimeError(msg)
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
        subprocess.run([npm, "install", *options, *PACKAGES], check=True)
    return modules


class IconSets:
    """Looks icons up by the English label that emojibase gives an emoji."""

    def __init__(self, modules: Path) -> None:
        self._modules = modules
        emojis = _read_json(modules / "emojibase-data" / "en" / "data.json")
        self._codes = {emoji["label"]: _plain(emoji["hexcode"]) for emoji in emojis}
        self._sets = {package: _load_set(modules, package) for package in (FLAT, NOTO)}

    def icon(self, label: str, *, package: str) -> Icon:
        """Return the SVG of a label; KeyError when the label or its picture is unknown."""
        names, icons, default_view = self._sets[package]
        entry = icons[names[self._codes[label]]]
        return Icon(body=entry["body"], view=entry.get("width", default_view))


def _load_set(modules: Path, package: str) -> tuple[dict[str, str], dict[str, Any], int]:
    names = {_plain(code): name for code, name in _read_json(modules / package / "chars.json").items()}
    data = _read_json(modules / package / "icons.json")
    return names, data["icons"], data.get("width", 16)


def _plain(hexcode: str) -> str:
    parts = hexcode.lower().split("-")
    return "-".join(part for part in parts if part != _VARIATION_SELECTOR)


@cache
def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
