"""What `make dev` adds to the edition: parts start again when their sources change, and Vite serves the page."""

import threading
from pathlib import Path

from watchfiles import watch

from infra.local.keeper import Keeper
from infra.local.process import Program
from infra.local.settings import ROOT
from infra.local.setup.programs import node

_READ_BY = {
    "contract": {"api", "loop", "worker"},
    "lambdas": {"api", "loop"},
    "gpu_worker": {"worker"},
    "infra/local": {"api", "loop"},
}
"""Which parts read the files of a folder."""
_KINDS = {".py", ".sql", ".toml"}


def page(*, address: str, port: int) -> Program:
    """Vite's server on 127.0.0.1, which changes the page in the browser and hands the rest on to the edition."""
    command = node("node_modules/vite/bin/vite.js", "--port", str(port), "--strictPort", "--clearScreen", "false")
    return Program("page", command, {"ATELIER_API": address}, folder=ROOT / "web")


def readers(changed: set[Path]) -> set[str]:
    """The parts that have to start again after these files changed."""
    found: set[str] = set()
    for folder, parts in _READ_BY.items():
        if any((ROOT / folder) in path.parents and path.suffix in _KINDS for path in changed):
            found |= parts
    return found


def restart_on_change(keeper: Keeper, *, stop: threading.Event) -> None:
    """Until `stop` is set, let parts start again when a file that they read has changed."""
    for changes in watch(*(ROOT / folder for folder in _READ_BY), stop_event=stop):
        if names := readers({Path(path) for _, path in changes}):
            keeper.restart(names)
