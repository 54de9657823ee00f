"""What `make dev` starts again, and when."""

import threading
from pathlib import Path

import pytest

from infra.local.dev import readers
from infra.local.home import open_home
from infra.local.keeper import Keeper
from infra.local.process import Program, orphans, python
from infra.local.settings import ROOT
from tests.wait import until


@pytest.mark.parametrize(
    ("file", "parts"),
    [
        ("contract/spec.py", {"api", "loop", "worker"}),
        ("contract/models.toml", {"api", "loop", "worker"}),
        ("lambdas/store/sql/runs.sql", {"api", "loop"}),
        ("gpu_worker/worker.py", {"worker"}),
        ("lambdas/api/__pycache__/app.pyc", set()),
        ("web/src/main.tsx", set()),
    ],
)
def test_a_changed_file_starts_those_again_that_read_it(file: str, parts: set[str]) -> None:
    assert readers({ROOT / file}) == parts


def test_a_part_asked_to_start_again_does_so_as_if_it_had_never_died(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    stop = threading.Event()
    keeper = Keeper(home, say=lambda name, text: None, stop=stop, waits=(0.01,))
    keeper.keep(Program("api", python("-c", "import time; time.sleep(600)")))

    def numbers() -> set[int]:
        keeper.look()
        return {orphan.process.pid for orphan in orphans(home)}

    try:
        for _ in range(10):
            before = until(numbers)
            keeper.restart({"api", "worker"})
            until(lambda before=before: numbers() - before)
    finally:
        stop.set()
        keeper.end({"api"}, seconds=5, hurry=threading.Event())
