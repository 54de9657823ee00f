"""Metrics as log lines in CloudWatch's embedded metric format; the lines of the Lambdas and the worker are alike.

Whoever writes such a line into a log that CloudWatch keeps has published the metric; no call of an API is needed.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Unit = Literal["Count", "Count/Second", "Seconds", "Bytes", "Percent"]
Dimension = Literal["Queue", "Model", "Kind", "Code", "Function"]


@dataclass(frozen=True, slots=True)
class Metric:
    """What CloudWatch is told of a metric; at most one dimension, since each combination costs."""

    unit: Unit
    dimension: Dimension | None = None


METRICS: dict[str, Metric] = {
    # advance: what was made
    "Images": Metric("Count"),
    "Texts": Metric("Count"),
    "TasksSucceeded": Metric("Count"),
    "TasksFailed": Metric("Count"),
    # advance: events that were passed over because their kind is of a newer version
    "UnknownEvents": Metric("Count"),
    # advance: from when a task was ready to when a worker had it, by the database's clock
    "WaitSeconds": Metric("Seconds", "Queue"),
    # api: what people did
    "Accounts": Metric("Count"),
    "Guests": Metric("Count"),
    "Pipelines": Metric("Count"),
    "Ratings": Metric("Count"),
    "Remixes": Metric("Count"),
    "Results": Metric("Count"),
    "Runs": Metric("Count"),
    # api, advance, sweep
    "ColdStarts": Metric("Count", "Function"),
    # sweep: what waits in the database, and how much of it there is for each instance that is wanted
    "Backlog": Metric("Count", "Queue"),
    "BacklogPerInstance": Metric("Count", "Queue"),
    "Instances": Metric("Count", "Queue"),
    # the worker: tasks
    "TaskSeconds": Metric("Seconds", "Model"),
    "KindSeconds": Metric("Seconds", "Kind"),
    "TaskFailures": Metric("Count", "Code"),
    # the worker: models
    "BatchRows": Metric("Count", "Model"),
    "ImagesPerSecond": Metric("Count/Second", "Model"),
    "TokensPerSecond": Metric("Count/Second", "Model"),
    "LoadSeconds": Metric("Seconds", "Model"),
    # the worker: the machine
    "Slots": Metric("Count", "Queue"),
    "Busy": Metric("Count", "Queue"),
    "RamBytes": Metric("Bytes", "Queue"),
    "VramBytes": Metric("Bytes", "Queue"),
    "GpuPercent": Metric("Percent", "Queue"),
    # the machine's boot script
    "BootFailures": Metric("Count", "Queue"),
}
"""Every metric of our own by name."""


@dataclass(frozen=True, slots=True)
class Meter:
    """Writes metrics to standard output; without a namespace, as on one machine, it writes nothing."""

    namespace: str = ""

    def put(self, values: Mapping[str, float], *, of: str | None = None) -> None:
        """Publish these metrics, which share a dimension, for the queue, model, kind, code or function `of`."""
        if self.namespace and values:
            # One write, so that no other thread's line comes between the text and its end.
            sys.stdout.write(line(self.namespace, values, of=of, at=datetime.now(tz=UTC)) + "\n")
            sys.stdout.flush()


def line(namespace: str, values: Mapping[str, float], *, of: str | None, at: datetime) -> str:
    """The log line that publishes these metrics; raises ValueError when they do not share a dimension."""
    dimensions = {METRICS[name].dimension for name in values}
    if len(dimensions) != 1 or (None in dimensions) != (of is None):
        raise ValueError(f"not metrics of one dimension: {sorted(values)} of {of}")
    (dimension,) = dimensions
    named = {dimension: of} if dimension and of else {}
    directive = {
        "Namespace": namespace,
        "Dimensions": [list(named)],
        "Metrics": [{"Name": name, "Unit": METRICS[name].unit} for name in values],
    }
    about = {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": about, **named, **values})
