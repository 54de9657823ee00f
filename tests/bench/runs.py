"""How soon a worker begins: from `POST /runs` on an idle machine, against the queue's bare send and long poll."""

import json
import random
import statistics
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import boto3

from tests.bench.rows import Row
from tests.e2e.edition import Edition, an_edition
from tests.e2e.people import Person, sign_up_with_key
from tests.wait import until

_ROUNDS = 40
_WARM_UP = 3
_IDLE_SECONDS = 0.4
_POLL_SECONDS = 0.1
"""How often MiniStack looks for messages during a long poll: sending must not keep step with it."""
_STEP = {"name": "line", "kind": "text", "model": "smollm2-135m", "params": {"prompt": "Hello", "max_tokens": 1}}


def rows() -> list[Row]:
    """Medians in milliseconds on one edition, the two measured in turn."""
    with an_edition() as edition:
        cleo = sign_up_with_key(edition.address, "cleo")
        pipeline = cleo.post("/pipelines", {"title": "Hello", "spec": {"steps": [_STEP]}})["id"]
        bare_ms = _bare_queue(edition.part("worker").environ())
        taken = [(_start_ms(edition, cleo, pipeline), bare_ms()) for _ in range(_WARM_UP + _ROUNDS)]
    started, bare = (statistics.median(times) for times in zip(*taken[_WARM_UP:], strict=True))
    return [Row("run.start_ratio", started, "ms", reference=bare, ratio=started / bare, goal=1.5)]


def _start_ms(edition: Edition, person: Person, pipeline: str) -> float:
    """From the request's first byte to the line that the worker logs before it does anything for the task."""
    time.sleep(_IDLE_SECONDS + random.uniform(0, _POLL_SECONDS))
    began = time.time()
    run = person.run(pipeline)
    taken_at = until(lambda: _taken_at(edition, run["id"]))
    person.succeeded(run)
    return 1000 * (taken_at - began)


def _taken_at(edition: Edition, run_id: str) -> float | None:
    """Seconds since 1970 by the clock of this machine, which the worker shares."""
    for line in (edition.home.logs / "worker.log").read_text().splitlines():
        if run_id in line and '"task taken"' in line:
            return datetime.fromisoformat(json.loads(line)["at"]).timestamp()
    return None


def _bare_queue(worker: dict[str, str]) -> Callable[[], float]:
    """A function that sends a message and gives the milliseconds until another thread's long poll has it.

    It reaches the queue server of the edition by the environment of its worker.
    """
    sender, receiver = _sqs(worker), _sqs(worker)
    url = sender.create_queue(QueueName="bench")["QueueUrl"]

    def send_and_receive() -> float:
        received: list[float] = []

        def poll() -> None:
            message = receiver.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]
            received.append(time.perf_counter())
            receiver.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

        thread = threading.Thread(target=poll)
        thread.start()
        time.sleep(_IDLE_SECONDS + random.uniform(0, _POLL_SECONDS))
        began = time.perf_counter()
        sender.send_message(QueueUrl=url, MessageBody="{}")
        thread.join()
        return 1000 * (received[0] - began)

    return send_and_receive


def _sqs(worker: dict[str, str]) -> Any:
    return boto3.client(
        "sqs",
        endpoint_url=worker["ATELIER_AWS_ENDPOINT_URL"],
        region_name=worker["ATELIER_AWS_REGION"],
        aws_access_key_id=worker["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=worker["AWS_SECRET_ACCESS_KEY"],
    )
