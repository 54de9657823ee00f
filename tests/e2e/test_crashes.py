"""Whatever is killed, every run ends with exactly one set of outputs, and nothing is lost."""

import json
import signal
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from infra.local import postgres, queues
from tests.e2e.edition import SHORT_TIMES, Edition, an_edition
from tests.e2e.people import Person, sign_up_with_key
from tests.wait import until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def edition() -> Iterator[Edition]:
    with an_edition(**SHORT_TIMES) as running:
        running.part("worker")
        yield running


@pytest.fixture
def ana(edition: Edition) -> Person:
    return sign_up_with_key(edition.address, "ana")


def _pipeline(person: Person, *, tokens: int) -> str:
    prompt = "Write a long story about {{subject}} and its many friends in the forest."
    step = {
        "name": "story",
        "kind": "text",
        "model": "smollm2-135m",
        "params": {"prompt": prompt, "max_tokens": tokens, "temperature": 0.8},
    }
    spec = {"inputs": [{"name": "subject", "type": "text"}], "steps": [step]}
    return str(person.post("/pipelines", {"title": "A story", "spec": spec})["id"])


def _start(person: Person, *, tokens: int = 120, count: int = 1) -> list[Any]:
    pipeline = _pipeline(person, tokens=tokens)
    return [person.run(pipeline, inputs={"subject": "a fox"}, seed=seed) for seed in range(count)]


def _in_the_middle(person: Person, run: Any) -> None:
    """Wait until a worker is at work on the run's only task."""
    until(lambda: 0 < person.get(f"/runs/{run['id']}")["tasks"][0]["progress"] < 1, seconds=120)


def _has_one_set_of_outputs(edition: Edition, person: Person, run: Any) -> None:
    (task,) = run["tasks"]
    (output,) = task["outputs"]
    assert person.download(output["url"]).text.startswith(output["text"][:100])
    with psycopg.connect(postgres.database_url(edition.home)) as conn:
        stored = conn.execute(
            "SELECT count(*) FROM assets JOIN tasks ON tasks.id = assets.task_id WHERE tasks.run_id = %s", [run["id"]]
        ).fetchone()
    assert stored == (1,)


def test_a_killed_workers_task_is_done_by_the_next_one(edition: Edition, ana: Person) -> None:
    (run,) = _start(ana)
    _in_the_middle(ana, run)
    edition.kill("worker")
    done = ana.succeeded(run)
    # The first attempt again when its message came back before the lease ran out, else the second.
    assert done["tasks"][0]["attempts"] in {1, 2}
    _has_one_set_of_outputs(edition, ana, done)


def test_killed_queues_lose_no_run(edition: Edition, ana: Person) -> None:
    runs = _start(ana, tokens=40, count=6)
    edition.kill("ministack")
    for run in runs:
        _has_one_set_of_outputs(edition, ana, ana.succeeded(run))
    (later,) = _start(ana, tokens=20)
    ana.succeeded(later)


def test_a_killed_database_loses_no_run(edition: Edition, ana: Person) -> None:
    runs = _start(ana, tokens=60, count=3)
    _in_the_middle(ana, runs[0])
    edition.kill("postgres")
    until(lambda: ana.is_answered("/api/v1/health"))
    for run in runs:
        _has_one_set_of_outputs(edition, ana, ana.succeeded(run))


def test_a_killed_loop_and_api_lose_no_event(edition: Edition, ana: Person) -> None:
    runs = _start(ana, tokens=40, count=2)
    edition.kill("loop")
    edition.kill("api")
    for run in runs:
        _has_one_set_of_outputs(edition, ana, ana.succeeded(run))


def test_a_doubled_message_makes_nothing_twice(edition: Edition, ana: Person) -> None:
    worker = edition.part("worker")
    port = int((edition.home.root / "storage-port").read_text())
    sqs, url = queues.client("sqs", edition.home, port=port), queues.Queues.at(port).steps_text
    worker.send_signal(signal.SIGSTOP)
    try:
        (run,) = _start(ana, tokens=40)

        def the_message() -> str | None:
            # The stopped worker's long poll may have taken the message; it comes back.
            for message in sqs.receive_message(QueueUrl=url, VisibilityTimeout=1, WaitTimeSeconds=1).get(
                "Messages", []
            ):
                if json.loads(message["Body"])["run"] == run["id"]:
                    return str(message["Body"])
            return None

        body = until(the_message)
        for _ in range(3):
            sqs.send_message(QueueUrl=url, MessageBody=body)
    finally:
        worker.send_signal(signal.SIGCONT)
    done = ana.succeeded(run)
    _has_one_set_of_outputs(edition, ana, done)
    (later,) = _start(ana, tokens=20)
    ana.succeeded(later)
    assert ana.get(f"/runs/{run['id']}")["tasks"] == done["tasks"]
    _has_one_set_of_outputs(edition, ana, done)


def test_a_killed_supervisor_is_followed_by_a_start_that_goes_on(edition: Edition, ana: Person) -> None:
    runs = _start(ana, tokens=80, count=3)
    _in_the_middle(ana, runs[0])
    left = {name: edition.part(name) for name in ("api", "loop", "ministack", "postgres", "worker")}
    assert edition.process is not None
    edition.process.kill()
    edition.process.wait()
    address = edition.address
    assert edition.start() == address
    assert not any(process.is_running() for process in left.values())
    for run in runs:
        _has_one_set_of_outputs(edition, ana, ana.succeeded(run))
    until(lambda: edition.parts() == ["api", "loop", "ministack", "postgres", "worker"])


@pytest.mark.parametrize("times", [2, pytest.param(10, marks=pytest.mark.proof)])
def test_a_start_at_once_after_everything_was_killed_comes_up(edition: Edition, ana: Person, times: int) -> None:
    (run,) = _start(ana, tokens=20)
    for _ in range(times):
        edition.kill_everything()
        killed, address = edition.process, edition.address
        assert edition.start() == address
        assert killed is not None
        killed.wait()
    _has_one_set_of_outputs(edition, ana, ana.succeeded(run))


def test_a_second_start_on_the_same_home_is_refused(edition: Edition) -> None:
    second = edition.run_beside("run")
    said = second.communicate(timeout=60)[0].decode()
    assert second.returncode == 1
    assert f"already running on this home ({edition.home.root}): {edition.address}" in said


def test_a_port_that_is_taken_is_named_with_its_holder(edition: Edition, tmp_path: Any) -> None:
    second = edition.run_beside("run", ATELIER_HOME=str(tmp_path / "other"))
    said = second.communicate(timeout=60)[0].decode()
    assert second.returncode == 1
    assert f"Port {edition.address.rsplit(':', 1)[1]} is taken by" in said
    assert "ATELIER_PORT=" in said


def test_stopping_returns_the_task_at_work_and_leaves_no_process() -> None:
    # With the ordinary lease: a try that counts is not to be blamed on a machine that is slow to start again.
    with an_edition(**SHORT_TIMES | {"ATELIER_LEASE_SECONDS": "180"}) as edition:
        ana = sign_up_with_key(edition.address, "ana")
        (run,) = _start(ana)
        _in_the_middle(ana, run)
        said = edition.stop()
        assert "everything has stopped" in said
        assert "was killed" not in said
        assert edition.parts() == []
        edition.start()
        done = ana.succeeded(run)
        assert done["tasks"][0]["attempts"] == 1
        _has_one_set_of_outputs(edition, ana, done)
