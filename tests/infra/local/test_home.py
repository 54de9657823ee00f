"""The folder of an edition: its lock, its secrets, and what it refuses."""

import os
import shutil
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from infra.local import postgres, supervisor
from infra.local.home import Home, Refused, is_running, locked, open_home, read_secrets, write_private
from infra.local.settings import Settings


def test_a_second_start_on_the_same_home_is_told_where_the_first_one_runs(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    with locked(home) as lock:
        lock.write("http://localhost:8000 (process 12)")
        lock.flush()
        assert is_running(home)
        with pytest.raises(Refused, match=r"already running .*http://localhost:8000 \(process 12\)"), locked(home):
            pass
    assert not is_running(home)


@pytest.mark.parametrize("address", ["192.0.2.1", "nonsense.invalid"])
def test_an_address_that_this_machine_does_not_have_is_refused_with_the_way_out(tmp_path: Path, address: str) -> None:
    with pytest.raises(Refused, match=rf"on {address} .*ATELIER_BIND=127\.0\.0\.1"):
        supervisor.run(Settings(home=tmp_path / "home", bind=address, port=0))


def test_secrets_stay_the_same_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    first = read_secrets(home)
    assert read_secrets(home) == first
    assert len(set(first.values())) == len(first)
    assert home.secrets.stat().st_mode & 0o777 == 0o600
    other = open_home(tmp_path / "other")
    assert set(read_secrets(other).values()).isdisjoint(first.values())


def test_a_private_file_keeps_its_mode_when_it_is_written_again(tmp_path: Path) -> None:
    for text in ("one", "two"):
        write_private(tmp_path / "file", text)
        assert (tmp_path / "file").read_text() == text
        assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_a_place_that_is_no_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Refused, match=r"Nothing can be written to .*ATELIER_HOME"):
        open_home(tmp_path / "file" / "home")


def test_a_full_disk_is_refused_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100_000_000))
    with pytest.raises(Refused, match="nearly full: 95 MB are left"):
        open_home(tmp_path / "home")


def test_data_of_another_postgresql_are_refused_with_the_way_out(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    home.postgres.mkdir()
    (home.postgres / "PG_VERSION").write_text("17\n")
    with pytest.raises(Refused, match=r"written by PostgreSQL 17.*make backup.*make restore"):
        postgres.prepare(home)


def test_the_socket_of_a_home_with_a_long_path_stands_elsewhere(tmp_path: Path) -> None:
    short, long = Home(Path("/srv/atelier")), Home(tmp_path / ("x" * 90) / "home")
    assert postgres.socket_dir(short) == Path("/srv/atelier/run")
    assert long.root not in postgres.socket_dir(long).parents
    assert len(str(postgres.socket_dir(long) / ".s.PGSQL.5432")) < 104
    assert postgres.socket_dir(long) != postgres.socket_dir(Home(long.root / "other"))


def _a_note_of(home: Home, pid: int) -> Path:
    home.postgres.mkdir()
    (home.postgres / "PG_VERSION").write_text("18\n")
    note = home.postgres / "postmaster.pid"
    note.write_text(f"{pid}\n{home.postgres}\n")
    return note


def _a_server(folder: Path, *, seconds: int) -> subprocess.Popen[bytes]:
    program = folder / "postgres"
    shutil.copyfile(shutil.which("sleep") or "", program)
    program.chmod(0o755)
    return subprocess.Popen([program, str(seconds)])


def test_the_note_of_a_server_that_is_a_zombie_is_removed(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    killed = _a_server(tmp_path, seconds=600)
    note = _a_note_of(home, killed.pid)
    killed.kill()
    try:
        postgres.prepare(home)
        assert not note.exists()
    finally:
        killed.wait()


def test_the_note_of_a_server_that_lives_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_ENDING_SECONDS", 0.1)
    home = open_home(tmp_path / "home")
    alive = _a_server(tmp_path, seconds=600)
    note = _a_note_of(home, alive.pid)
    try:
        postgres.prepare(home)
        assert note.exists()
    finally:
        alive.kill()
        alive.wait()


def test_the_note_whose_number_is_another_programs_is_removed(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    note = _a_note_of(home, os.getpid())
    postgres.prepare(home)
    assert not note.exists()


def test_a_lock_that_is_let_go_meanwhile_is_taken(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    holds, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(home):
            holds.set()
            may_go.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    holds.wait()
    threading.Timer(0.1, may_go.set).start()
    with locked(home, patience=60):
        pass
    holder.join()
