"""Children of a home, and orphans of a start that was killed."""

import subprocess
import sys
import threading
from pathlib import Path

import psutil

from infra.local.home import Home, open_home
from infra.local.keeper import Keeper
from infra.local.process import Program, end_orphans, is_dead, log_file, orphans, python, spawn, wait_for_end
from tests.wait import until

_SLEEP = python("-c", "import time; print('here', flush=True); time.sleep(600)")
_STUBBORN = python(
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(600)",
)


def _is_up(home: Home, name: str) -> bool:
    return log_file(home, name).exists() and "here" in log_file(home, name).read_text()


def test_orphans_of_a_home_are_found_and_ended(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    children = [spawn(Program(name, _SLEEP), home=home) for name in ("worker", "postgres")]
    until(lambda: _is_up(home, "worker") and _is_up(home, "postgres"))
    found = orphans(home)
    assert {(orphan.name, orphan.process.pid) for orphan in found} == {
        ("worker", children[0].pid),
        ("postgres", children[1].pid),
    }
    end_orphans(found)
    for child in children:
        child.wait(timeout=5)
    assert orphans(home) == []


def test_an_orphan_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    child = spawn(Program("worker", _STUBBORN), home=home)
    until(lambda: _is_up(home, "worker"))
    (orphan,) = orphans(home)
    end_orphans([orphan], seconds=0.2)
    assert is_dead(orphan.process)
    child.wait(timeout=5)


def test_processes_of_other_homes_and_of_the_user_are_no_orphans(tmp_path: Path) -> None:
    home, other = open_home(tmp_path / "home"), open_home(tmp_path / "other")
    elsewhere = spawn(Program("worker", _SLEEP), home=other)
    # Somebody's shell in which ATELIER_HOME is set.
    shell = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env={"ATELIER_HOME": str(home.root)}
    )
    try:
        until(lambda: _is_up(other, "worker"))
        assert orphans(home) == []
    finally:
        for child in (elsewhere, shell):
            child.kill()
            child.communicate()


def test_children_never_see_the_credentials_of_whoever_starts_them(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the user")
    home = open_home(tmp_path / "home")
    child = spawn(Program("worker", _SLEEP, {"ATELIER_X": "1"}), home=home)
    try:
        until(lambda: _is_up(home, "worker"))
        environment = psutil.Process(child.pid).environ()
        assert environment["ATELIER_X"] == "1"
        assert environment["ATELIER_HOME"] == str(home.root)
        assert "AWS_SECRET_ACCESS_KEY" not in environment
    finally:
        child.kill()
        child.wait()


def test_a_part_that_dies_is_started_again_and_its_hooks_run(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    said: list[str] = []
    hooks: list[str] = []
    stop = threading.Event()
    keeper = Keeper(home, say=lambda name, text: said.append(f"{name}: {text}"), stop=stop)
    keeper.keep(Program("worker", _SLEEP), before=lambda: hooks.append("before"), after=lambda: hooks.append("after"))
    try:
        (first,) = until(lambda: orphans(home))
        first.process.kill()

        def started_again() -> bool:
            keeper.tick()
            return hooks == ["before", "after"]

        until(started_again)
        (second,) = until(lambda: orphans(home))
        assert second.process.pid != first.process.pid
        assert said == ["worker: ended by signal 9; starting it again in 0.2 s"]
    finally:
        stop.set()
        keeper.end({"worker"}, seconds=5, hurry=threading.Event())
    assert orphans(home) == []


def test_a_part_that_keeps_dying_ends_a_start_with_its_last_words(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    said: list[str] = []
    quick = (0.01,)
    keeper = Keeper(home, say=lambda name, text: said.append(f"{name} {text}"), stop=threading.Event(), waits=quick)
    keeper.keep(Program("api", python("-c", "raise SystemExit('no such table')")))

    def hope_is_gone() -> str | None:
        try:
            keeper.look()
        except Exception as error:  # noqa: BLE001 - whatever it raises is looked at below
            return str(error)
        return None

    words = until(hope_is_gone)
    assert "api" in words
    assert "no such table" in words
    assert said[0] == "api ended with code 1 (no such table); starting it again in 0.01 s"


def test_a_zombie_counts_as_dead(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    process = psutil.Process(child.pid)
    try:
        until(lambda: is_dead(process))
        assert psutil.pid_exists(child.pid), "nobody has reaped it yet"
        assert wait_for_end([process], seconds=60) == []
    finally:
        child.wait()


def test_killed_orphans_that_nobody_reaps_are_not_waited_for(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    child = spawn(Program("worker", _STUBBORN), home=home)
    until(lambda: _is_up(home, "worker"))
    (orphan,) = orphans(home)
    end_orphans([orphan], seconds=0.2)
    assert orphan.process.status() == psutil.STATUS_ZOMBIE
    child.wait()
