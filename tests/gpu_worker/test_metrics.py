"""What a worker publishes about its tasks and its machine, as lines of its log."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from contract.metrics import METRICS
from gpu_worker.machine import memory
from gpu_worker.worker import Worker
from tests.gpu_worker.models import TEXT_MODEL, TINY
from tests.gpu_worker.site import Site, a_text_request, an_edit_request, an_image_request

NAMESPACE = "Atelier/test"


def published(out: str) -> dict[str, list[dict[str, Any]]]:
    """The lines of a log that are metrics, by the metric's name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in out.splitlines():
        fields = json.loads(line)
        (directive,) = fields["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == NAMESPACE
        for metric in directive["Metrics"]:
            found.setdefault(metric["Name"], []).append(fields)
    return found


def test_a_worker_measures_its_tasks_and_its_machine(
    site: Site, start_worker: Callable[..., Worker], capsys: pytest.CaptureFixture[str]
) -> None:
    worker = start_worker(metrics_namespace=NAMESPACE)
    tasks = [
        site.send("text", a_text_request(max_tokens=8)),
        site.send("image", an_image_request(seeds=(1, 2, 3))),
        site.send("image", an_edit_request("uploads/none")),
    ]
    assert [site.final(task).event for task in tasks] == ["succeeded", "succeeded", "failed"]
    assert site.final(site.send("image", an_image_request() | {"params": {}})).event == "failed"
    worker.stop()
    found = published(capsys.readouterr().out)
    assert {line["Model"] for line in found["TaskSeconds"]} == {TEXT_MODEL.id, TINY.id}
    assert {line["Kind"] for line in found["KindSeconds"]} == {"text", "image"}
    assert [line["Code"] for line in found["TaskFailures"]] == ["picture_missing", "bad_message"]
    assert {line["Model"]: line["BatchRows"] for line in found["BatchRows"]} == {TEXT_MODEL.id: 1, TINY.id: 3}
    assert [line["Model"] for line in found["ImagesPerSecond"]] == [TINY.id]
    assert {line["Model"] for line in found["LoadSeconds"]} == {TEXT_MODEL.id, TINY.id}
    (speed,) = found["TokensPerSecond"]
    assert speed["Model"] == TEXT_MODEL.id
    assert speed["TokensPerSecond"] > 0
    assert {line["Queue"] for line in found["RamBytes"]} == {"text", "image"}
    assert all(line["RamBytes"] > 10_000_000 and line["Slots"] == 4 and line["Busy"] <= 4 for line in found["RamBytes"])
    assert set(found) <= set(METRICS)


def test_without_a_namespace_a_worker_publishes_nothing(
    site: Site, start_worker: Callable[..., Worker], capsys: pytest.CaptureFixture[str]
) -> None:
    worker = start_worker()
    assert site.final(site.send("image", an_image_request())).event == "succeeded"
    worker.stop()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("program", "expected"),
    [("print(30); print(90)", 60.0), ("print('[N/A]')", None), ("", None), ("import sys; sys.exit(9)", None)],
)
def test_the_use_of_gpus_is_their_mean_and_unknown_without_any(program: str, expected: float | None) -> None:
    assert memory.gpu_percent((sys.executable, "-c", program)) == expected


def test_a_machine_without_the_drivers_tool_has_no_gpu_to_measure() -> None:
    assert memory.gpu_percent(("no-such-program",)) is None
