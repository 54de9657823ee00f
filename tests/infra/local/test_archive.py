"""Backup and restore carry a home to another folder."""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from infra.local import archive
from infra.local.home import Home, Refused, read_secrets
from infra.local.queues import BUCKET
from infra.local.settings import Settings
from tests.infra.local.services import RunningHome, a_running_home

_KEY = f"media/{'a' * 32}/0.png"


def _fill(running: RunningHome, text: str) -> None:
    with psycopg.connect(running.database_url, autocommit=True) as conn:
        conn.execute("CREATE TABLE IF NOT EXISTS things (name text)")
        conn.execute("INSERT INTO things VALUES (%s)", [text])
    s3 = running.client("s3")
    s3.put_object(Bucket=BUCKET, Key=_KEY, Body=text.encode(), ContentType="image/png")
    s3.put_object(Bucket=BUCKET, Key="control/cancel/x", Body=b"")


def _content(root: Path) -> tuple[list[str], bytes, str, list[str]]:
    with a_running_home(root) as running:
        with psycopg.connect(running.database_url) as conn:
            names = [str(row[0]) for row in conn.execute("SELECT name FROM things")]
        s3 = running.client("s3")
        found = s3.get_object(Bucket=BUCKET, Key=_KEY)
        keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
        return names, found["Body"].read(), found["ContentType"], keys


@pytest.fixture(scope="module")
def stopped_home() -> Iterator[Home]:
    with TemporaryDirectory(prefix="atelier-stopped-") as folder:
        with a_running_home(Path(folder) / "home") as running:
            _fill(running, "лиса")
        yield running.home


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Not under pytest's folder: each start of pytest closes that to other users, and under root PostgreSQL is one."""
    with TemporaryDirectory(prefix="atelier-archive-") as folder:
        yield Path(folder)


def test_a_stopped_home_moves_to_another_folder(stopped_home: Home, tmp_path: Path) -> None:
    packed, moved = tmp_path / "a.tar", tmp_path / "moved"
    archive.backup(Settings(home=stopped_home.root), packed)
    archive.restore(Settings(home=moved), packed)
    assert _content(moved) == (["лиса"], "лиса".encode(), "image/png", [_KEY])
    assert read_secrets(Home(moved)) == read_secrets(stopped_home)


def test_a_running_home_is_backed_up_too(running_home: RunningHome, tmp_path: Path) -> None:
    _fill(running_home, "a fox")
    archive.backup(Settings(home=running_home.home.root), tmp_path / "a.tar")
    archive.restore(Settings(home=tmp_path / "moved"), tmp_path / "a.tar")
    assert _content(tmp_path / "moved") == (["a fox"], b"a fox", "image/png", [_KEY])


def test_an_archive_is_private_and_holds_media_as_plain_files(stopped_home: Home, tmp_path: Path) -> None:
    archive.backup(Settings(home=stopped_home.root), tmp_path / "a.tar")
    assert (tmp_path / "a.tar").stat().st_mode & 0o777 == 0o600
    with tarfile.open(tmp_path / "a.tar") as tar:
        file = tar.extractfile(f"objects/{_KEY}")
        assert file is not None
        assert file.read() == "лиса".encode()


def test_an_archive_is_never_written_over(stopped_home: Home, tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_text("precious")
    with pytest.raises(Refused, match="exists already"):
        archive.backup(Settings(home=stopped_home.root), tmp_path / "a.tar")
    assert (tmp_path / "a.tar").read_text() == "precious"


def test_only_an_empty_home_is_restored_into(stopped_home: Home, tmp_path: Path) -> None:
    archive.backup(Settings(home=stopped_home.root), tmp_path / "a.tar")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    with pytest.raises(Refused, match="is not empty"):
        archive.restore(Settings(home=tmp_path / "full"), tmp_path / "a.tar")


def test_a_file_that_is_no_archive_is_refused_and_leaves_no_home(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_text("no archive")
    with pytest.raises(Refused, match=r"nothing\.tar could not be restored: No such file"):
        archive.restore(Settings(home=tmp_path / "home"), tmp_path / "nothing.tar")
    with pytest.raises(Refused, match="or is damaged"):
        archive.restore(Settings(home=tmp_path / "home"), tmp_path / "a.tar")
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        tar.add(tmp_path / "a.tar", "something")
    with pytest.raises(Refused, match="not an archive of make backup"):
        archive.restore(Settings(home=tmp_path / "home"), tmp_path / "b.tar")
    (tmp_path / "manifest.json").write_text('{"format": 1}')
    with tarfile.open(tmp_path / "c.tar", "w") as tar:
        tar.add(tmp_path / "manifest.json", "manifest.json")
    with pytest.raises(Refused, match="or is damaged"):
        archive.restore(Settings(home=tmp_path / "home"), tmp_path / "c.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "b.tar", "c.tar", "manifest.json"]


def test_a_home_that_was_never_started_has_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="nothing to back up"):
        archive.backup(Settings(home=tmp_path / "none"), tmp_path / "a.tar")
