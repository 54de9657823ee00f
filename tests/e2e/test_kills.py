"""A worker that is killed at random points, over and over: nothing is lost, and nothing is there twice.

Everything is real: the queues, the bucket, the database, the handlers behind their loop, and the worker's processes,
whose two models need no torch and so start within a second.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from PIL import Image
from psycopg.rows import dict_row

from contract import catalogue
from contract.keys import delivery_prefix, upload_key
from contract.limits import MAX_ATTEMPTS
from contract.spec import Spec, complete
from lambdas.store import migrations, runs
from tests.gpu_worker.models import REPOSITORY
from tests.gpu_worker.site import Site
from tests.lambdas.flow.world import World
from tests.services import children
from tests.services.ministack import CREDENTIALS, REGION
from tests.services.postgres import fresh_database
from tests.wait import until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CATALOGUE = catalogue.load("demo")
SPEC = {
    "inputs": [{"name": "photo", "type": "image"}],
    "steps": [
        {"name": "larger", "kind": "upscale", "model": "lanczos", "params": {"image": "{{photo}}", "factor": 4}},
        {"name": "words", "kind": "caption", "model": "nearest-icon", "params": {"image": "{{larger}}"}},
    ],
}
RUNS_A_LIFE = 2
LIFE_SECONDS = 1.0
TIMES = {"visibility_seconds": 3, "visibility_renew_seconds": 1, "heartbeat_seconds": 1, "alive_seconds": 1}
LEASE_SECONDS = 8
GRACE_OF_LOSERS = 20 * 60


@dataclass
class Workshop:
    """Everything but the workers."""

    site: Site
    database: str
    folder: Path
    account: UUID
    photo: str = field(default_factory=lambda: upload_key(uuid4()))
    started: list[UUID] = field(default_factory=list)

    def ask(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.database, autocommit=True, row_factory=dict_row) as conn:
            return conn.execute(query, values).fetchall()  # type: ignore[arg-type]

    def begin(self, pipeline: UUID) -> None:
        """A new run, as `POST /runs` stores it; sweep dispatches it."""
        new = runs.NewRun(
            pipeline_id=pipeline,
            version=1,
            spec=complete(Spec.model_validate(SPEC), CATALOGUE),
            inputs={"photo": "an upload"},
            input_keys={"photo": self.photo},
            seed=len(self.started),
        )
        with psycopg.connect(self.database) as conn:
            run, _ = runs.create(conn, new, account_id=self.account, guest=False, catalogue=CATALOGUE, run_id=None)
        self.started.append(run)

    def open_runs(self) -> list[UUID]:
        """Those that are not done; one that failed goes on, as its author would let it, if that was honest."""
        for task in self.ask(
            "SELECT run_id, attempt, error_code, (SELECT count(*) FROM deliveries d WHERE d.task_id = t.id) AS receipts"
            "  FROM tasks t WHERE state = 'failed'"
        ):
            assert task["error_code"] in {"gave_up", "worker_lost"}, task
            assert task["attempt"] == MAX_ATTEMPTS, task
            assert task["receipts"] >= MAX_ATTEMPTS, f"failed without as many kills: {task}"
            with psycopg.connect(self.database) as conn:
                runs.resume(conn, task["run_id"], account_id=self.account)
        return [row["id"] for row in self.ask("SELECT id FROM runs WHERE state <> 'succeeded'")]

    @contextmanager
    def program(self, *command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process of the product; killed at the end of the block if it has not ended."""
        everything = {**CREDENTIALS, "PATH": os.defpath, "HOME": str(self.folder), **environment}
        with (self.folder / f"{command[-1]}.log").open("ab") as log:
            process = children.start([sys.executable, *command], env=everything, cwd=REPOSITORY, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            children.forget(process.pid)

    def loop(self) -> Any:
        """The caller of `advance` and `sweep`."""
        return self.program(
            *("-m", "infra.local.loop"),
            ATELIER_DATABASE_URL=self.database,
            ATELIER_AWS_ENDPOINT_URL=self.site.endpoint,
            ATELIER_AWS_REGION=REGION,
            ATELIER_MEDIA_BUCKET=self.site.bucket,
            ATELIER_STEPS_TEXT_QUEUE_URL=self.site.queues["text"],
            ATELIER_STEPS_IMAGE_QUEUE_URL=self.site.queues["image"],
            ATELIER_EVENTS_QUEUE_URL=self.site.events_url,
            ATELIER_LEASE_SECONDS=str(LEASE_SECONDS),
            ATELIER_SWEEP_SECONDS="0.5",
            POWERTOOLS_SERVICE_NAME="loop",
            POWERTOOLS_TRACE_DISABLED="true",
        )

    def worker(self) -> Any:
        """A worker of the queue of pictures with room for the two models that need no torch."""
        settings = self.site.environment(
            queues={"image": self.site.queues["image"]}, memory_bytes=30_000_000, slots=2, ahead=1, **TIMES
        )
        return self.program("-m", "gpu_worker", **settings)

    def said(self, program: str) -> bytes:
        path = self.folder / f"{program}.log"
        return path.read_bytes() if path.exists() else b""


@pytest.fixture
def workshop(postgres: str, ministack: str, tmp_path: Path) -> Iterator[Workshop]:
    database = fresh_database(postgres)
    migrations.apply(database)
    with psycopg.connect(database, autocommit=True) as conn:
        account = World(conn).account()
    workshop = Workshop(Site(ministack, visibility_seconds=TIMES["visibility_seconds"]), database, tmp_path, account)
    file = BytesIO()
    Image.effect_mandelbrot((192, 192), (-2, -1.5, 1, 1.5), 20).convert("RGB").save(file, "PNG")
    workshop.site.put(workshop.photo, file.getvalue())
    with workshop.loop():
        yield workshop


def _live_and_die(workshop: Workshop, dice: random.Random) -> None:
    """One life of a worker; of ten, nine end at work and one at its start."""
    before = len(workshop.said("gpu_worker"))
    with workshop.worker() as worker:
        if dice.random() < 0.9:
            until(lambda: b"worker starts" in workshop.said("gpu_worker")[before:], every=0.01)
        time.sleep(dice.uniform(0, LIFE_SECONDS))
        assert worker.poll() is None, workshop.said("gpu_worker")[before:].decode()
        worker.kill()


@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.proof)])
def test_whatever_a_kill_hits_every_run_succeeds_with_one_set_of_outputs(
    workshop: Workshop, request: pytest.FixtureRequest, kills: int
) -> None:
    kills = request.config.getoption("kills") or kills
    seed = request.config.getoption("kill_seed") or random.randrange(1 << 32)
    print(f"pytest --kills {kills} --kill-seed {seed}")
    dice = random.Random(seed)
    with psycopg.connect(workshop.database, autocommit=True) as conn:
        pipeline = World(conn).pipeline(workshop.account, SPEC)
    for _ in range(kills):
        for _ in range(RUNS_A_LIFE):
            workshop.begin(pipeline)
        _live_and_die(workshop, dice)
    with workshop.worker() as worker:
        until(lambda: not workshop.open_runs(), seconds=180, every=0.5)
        until(lambda: workshop.site.is_clean("image"), seconds=60)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=20) == 0
    _has_one_set_of_outputs_each(workshop)
    _nothing_else_is_kept(workshop, kills=kills)


def _has_one_set_of_outputs_each(workshop: Workshop) -> None:
    tasks = workshop.ask(
        "SELECT t.id, t.state, t.delivery, t.attempt, array(SELECT key FROM assets a WHERE a.task_id = t.id) AS keys"
        "  FROM tasks t"
    )
    assert len(tasks) == len(workshop.started) * len(SPEC["steps"])
    for task in tasks:
        (key,) = task["keys"]
        assert task["state"] == "succeeded"
        assert key.startswith(delivery_prefix(task["delivery"]))


def _nothing_else_is_kept(workshop: Workshop, *, kills: int) -> None:
    """Every linked object exists, and once sweep has been, no other one does."""
    linked = workshop.ask("SELECT unnest(array_remove(array[key, thumb_key], NULL)) AS key FROM assets")
    wanted = {row["key"] for row in linked}
    assert wanted <= workshop.site.keys("media/")
    (started,) = workshop.ask("SELECT count(*) FROM deliveries")
    attempts = workshop.ask("SELECT attempt, count(*) FROM tasks GROUP BY attempt ORDER BY attempt")
    tasks = sum(row["count"] for row in attempts)
    # Most of what a kill hits waits for a model or for its turn: the database hears only of what was begun.
    taken_again = workshop.said("gpu_worker").count(b"task taken") - tasks
    found = {"kills": kills, "tasks": attempts, "taken again": taken_again, "begun again": started["count"]}
    print(json.dumps(found))
    assert taken_again >= kills // 4, "most kills have to hit work, or this shows nothing"
    with psycopg.connect(workshop.database, autocommit=True) as conn:
        World(conn).pass_time(GRACE_OF_LOSERS)
    until(lambda: workshop.site.keys("media/") == wanted)
