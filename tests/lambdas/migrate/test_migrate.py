"""Migrations are applied once, in order, whole or not at all, by whoever comes first."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from lambdas.migrate.handler import handler
from lambdas.store import migrations
from tests.services.postgres import fresh_database


@pytest.fixture
def empty(postgres: str) -> str:
    return fresh_database(postgres)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_things.sql").write_text("CREATE TABLE things (id int);\nINSERT INTO things VALUES (1);")
    (tmp_path / "0002_more.sql").write_text("INSERT INTO things SELECT id + 1 FROM things;")
    return tmp_path


def things(uri: str) -> list[int]:
    with psycopg.connect(uri) as conn:
        return [row[0] for row in conn.execute("SELECT id FROM things ORDER BY id").fetchall()]


def test_files_are_applied_once_and_in_order(empty: str, folder: Path) -> None:
    assert migrations.apply(empty, folder) == ["0001_things.sql", "0002_more.sql"]
    assert migrations.apply(empty, folder) == []
    assert things(empty) == [1, 2]


def test_a_new_file_is_applied_alone(empty: str, folder: Path) -> None:
    migrations.apply(empty, folder)
    (folder / "0003_later.sql").write_text("INSERT INTO things VALUES (9)")
    assert migrations.apply(empty, folder) == ["0003_later.sql"]
    assert things(empty) == [1, 2, 9]


def test_two_at_a_time_apply_each_file_once(empty: str, folder: Path) -> None:
    (folder / "0001_things.sql").write_text("SELECT pg_sleep(0.3); CREATE TABLE things (id int);")
    (folder / "0002_more.sql").write_text("INSERT INTO things VALUES (1)")
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(lambda _: migrations.apply(empty, folder), range(4)))
    assert sorted(applied, key=len)[:3] == [[], [], []]
    assert things(empty) == [1]


def test_a_changed_file_is_refused_before_anything_is_applied(empty: str, folder: Path) -> None:
    migrations.apply(empty, folder)
    (folder / "0002_more.sql").write_text("INSERT INTO things VALUES (5)")
    (folder / "0003_later.sql").write_text("INSERT INTO things VALUES (9)")
    with pytest.raises(migrations.MigrationChanged, match=r"0002_more\.sql"):
        migrations.apply(empty, folder)
    assert things(empty) == [1, 2]


def test_a_file_removed_from_between_is_refused(empty: str, folder: Path) -> None:
    migrations.apply(empty, folder)
    (folder / "0001_things.sql").unlink()
    with pytest.raises(migrations.MigrationChanged, match=r"0001_things\.sql"):
        migrations.apply(empty, folder)


def test_a_file_put_in_between_is_refused(empty: str, folder: Path) -> None:
    migrations.apply(empty, folder)
    (folder / "0001_zebra.sql").write_text("INSERT INTO things VALUES (9)")
    with pytest.raises(migrations.MigrationChanged, match=r"0001_zebra\.sql"):
        migrations.apply(empty, folder)
    assert things(empty) == [1, 2]


def test_older_code_leaves_a_database_that_is_ahead_as_it_is(empty: str, folder: Path) -> None:
    migrations.apply(empty, folder)
    (folder / "0002_more.sql").unlink()
    assert migrations.apply(empty, folder) == []
    assert things(empty) == [1, 2]


def test_older_code_still_refuses_what_was_edited(empty: str, folder: Path) -> None:
    migrations.apply(empty, folder)
    (folder / "0002_more.sql").unlink()
    (folder / "0001_things.sql").write_text("SELECT 1")
    with pytest.raises(migrations.MigrationChanged, match=r"0001_things\.sql"):
        migrations.apply(empty, folder)


def test_a_file_that_fails_leaves_nothing_of_itself(empty: str, folder: Path) -> None:
    (folder / "0002_more.sql").write_text("INSERT INTO things VALUES (7); SELECT 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrations.apply(empty, folder)
    assert things(empty) == [1]
    (folder / "0002_more.sql").write_text("INSERT INTO things VALUES (7)")
    assert migrations.apply(empty, folder) == ["0002_more.sql"]


def test_an_empty_folder_is_a_mistake(empty: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        migrations.apply(empty, tmp_path)


def test_the_handler_applies_this_repository_s_files(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_DATABASE_URL", empty)
    names = handler({}, None)["applied"]
    assert names == sorted(path.name for path in migrations.FOLDER.glob("*.sql"))
    assert handler({}, None) == {"applied": []}


def test_the_command_says_what_it_did(empty: str) -> None:
    environment = {"ATELIER_DATABASE_URL": empty}
    command = [sys.executable, "-m", "lambdas.migrate"]
    first = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "0001_accounts.sql" in first.stdout
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "nothing" in again.stdout
