"""Writes metrics into the log in CloudWatch's embedded format, which costs no call; what is counted is for others.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import sys
import time
from collections.abc import Mapping
from typing import Literal

Unit = Literal["Count", "Seconds", "Milliseconds", "Bytes", "None"]


def emit(
    namespace: str, values: Mapping[str, float], *, units: Mapping[str, Unit], dimensions: Mapping[str, str]
) -> None:
    """Write one line with these values, each with its unit; nothing without a namespace."""
    if not namespace:
        return
    directive = {
        "Namespace": namespace,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": units[name]} for name in values],
    }
    about = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    # Lambda keeps a line that is JSON as it is.
    sys.stdout.write(json.dumps({"_aws": about, **dimensions, **values}) + "\n")
    sys.stdout.flush()
