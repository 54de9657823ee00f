"""Log lines for people, and logs that do not grow without end."""

import json
from pathlib import Path

from infra.local import terminal
from infra.local.terminal import Follower, Terminal, progress_of, readable


def test_a_json_line_becomes_a_sentence_with_its_telling_fields() -> None:
    line = json.dumps({"level": "INFO", "timestamp": "now", "service": "x", "message": "task done", "seconds": 1.5})
    assert readable(line) == "task done  seconds=1.5"


def test_a_warning_says_so_and_an_exception_shows_its_last_line() -> None:
    line = json.dumps({"level": "error", "message": "it failed", "exception": "Traceback …\nValueError: no\n"})
    assert readable(line) == "error: it failed  ValueError: no"


def test_other_lines_stay_as_they_are() -> None:
    for line in ("LOG: ready", "{not json", "{}…"):
        assert readable(line) == line


def test_only_lines_with_a_fraction_move_the_bar() -> None:
    assert progress_of('{"message": "Reading", "fraction": 0.25}') == ("Reading", 0.25)
    for line in ("Reading 25 %", '{"message": "Reading"}', '{"fraction": "much", "message": "x"}'):
        assert progress_of(line) is None


def test_without_a_terminal_a_bar_is_a_line_per_quarter(capsys) -> None:
    shown = Terminal()
    for percent in range(0, 101, 5):
        shown.progress("Reading", percent / 100)
    shown.progress("", None)
    assert [line[-4:].strip() for line in capsys.readouterr().out.splitlines()] == ["0%", "25%", "50%", "75%", "100%"]


def test_a_follower_gives_whole_lines_that_came_since(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text("before\n")
    follower = Follower(log)
    with log.open("a") as file:
        file.write("one\ntw")
        file.flush()
        assert list(follower.lines()) == ["one"]
        file.write("o\n")
        file.flush()
        assert list(follower.lines()) == ["two"]


def test_a_large_log_starts_over_and_its_writer_goes_on(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(terminal, "_KEEP_BYTES", 100)
    log = tmp_path / "worker.log"
    follower = Follower(log)
    with log.open("a") as file:
        file.write("x" * 200 + "\n")
        file.flush()
        assert len(list(follower.lines())) == 1
        file.write("after\n")
        file.flush()
        assert list(follower.lines()) == ["after"]
    assert log.read_text() == "after\n"
    assert len(log.with_suffix(".old.log").read_text()) == 201
