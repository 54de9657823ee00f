"""The numbers that costs.py computes with: list prices of us-east-1, what a stage consists of, what a picture brings.

The prices are without free allowances, discounts or taxes, as they were published in the middle of 2026.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """A stated number."""

    value: float
    unit: str
    note: str


PRICES = {
    "gpu": Fact(0.8048, "$ an hour", "g6.xlarge: one L4 with 24 GB, on demand"),
    "spot": Fact(0.5, "of that", "a spot machine, over the mix of types; it moves daily"),
    "disk": Fact(0.08, "$ a GB and month", "gp3 of the GPU machines"),
    "address": Fact(0.005, "$ an hour", "public IPv4 of a GPU machine"),
    "db.t4g.micro": Fact(0.016, "$ an hour", "RDS PostgreSQL, one zone"),
    "db.t4g.medium": Fact(0.065, "$ an hour", "RDS PostgreSQL, one zone"),
    "db.t4g.2xlarge": Fact(0.517, "$ an hour", "RDS PostgreSQL, one zone"),
    "db_storage": Fact(0.115, "$ a GB and month", "gp3 of RDS, one zone"),
    "db_proxy": Fact(0.015, "$ a vCPU and hour", "RDS Proxy"),
    "lambda": Fact(0.0000133334, "$ a GB and second", "arm64"),
    "lambda_call": Fact(0.20, "$ a million", "invocations"),
    "http_api": Fact(1.00, "$ a million", "requests to the HTTP API"),
    "sqs": Fact(0.40, "$ a million", "requests to SQS"),
    "sqs_fair": Fact(0.10, "$ a million", "more for each that carries a message group"),
    "s3": Fact(0.023, "$ a GB and month", "S3 Standard"),
    "s3_put": Fact(5.00, "$ a million", "writes to S3"),
    "s3_get": Fact(0.40, "$ a million", "reads from S3"),
    "edge_call": Fact(1.00, "$ a million", "HTTPS requests to CloudFront"),
    "edge_function": Fact(0.10, "$ a million", "CloudFront Function calls"),
    "logs": Fact(0.50, "$ a GB", "taken in by CloudWatch Logs"),
    "metric": Fact(0.30, "$ a month", "custom metric"),
    "alarm": Fact(0.10, "$ a month", "alarm"),
    "dashboard": Fact(3.00, "$ a month", "dashboard"),
    "secret": Fact(0.40, "$ a month", "secret"),
    "endpoint": Fact(0.01, "$ an hour", "interface endpoint in one zone"),
    "firewall": Fact(8.00, "$ a month", "WAF: the list and its three rules"),
    "firewall_call": Fact(0.60, "$ a million", "requests that WAF looks at"),
}
EDGE_GB = (
    (10_000, 0.085),
    (40_000, 0.080),
    (100_000, 0.060),
    (350_000, 0.040),
    (524_000, 0.030),
    (float("inf"), 0.025),
)
"""So many GB out of CloudFront at this price, the next at the next."""

STANDING = {
    "disk_gb": Fact(150, "GB", "disk of a GPU machine: `workers.….disk_gib`"),
    "db_gb": Fact(20, "GB", "disk of the database at first: `database.storage_gib`"),
    "proxy_vcpus": Fact(8, "vCPUs", "of the database behind the proxy"),
    "api_gb": Fact(1.73, "GB", "memory of the function api: `api.memory_mib`"),
    "handler_gb": Fact(0.5, "GB", "memory of advance and sweep"),
    "sweeps": Fact(60, "an hour", "runs of sweep"),
    "secrets": Fact(3, "", "the database's owner, the origin's, the cursors'"),
    "metrics": Fact(91, "", "custom metrics, with those of nine models, five kinds and six reasons to fail"),
    "alarms": Fact(24, "", "alarms, with those that the GPU groups follow"),
    "dashboards": Fact(4, "", "dashboards"),
    "undo": Fact(1, "months", "that deleted media are kept: `media.old_version_days`"),
    "endpoints": Fact(9, "", "three interface endpoints in three zones, where `network.endpoints` is set"),
}
"""What a stage consists of; a test compares it with the templates."""

WORKLOAD = {
    "gpu_seconds": Fact(4.0, "s", "of a GPU per picture of 1024 × 1024: a distilled model, its text step included"),
    "picture_mb": Fact(1.5, "MB", "a PNG of 1024 × 1024"),
    "thumb_mb": Fact(0.008, "MB", "its thumbnail"),
    "answer_mb": Fact(0.004, "MB", "an answer of the API"),
    "writes": Fact(2.5, "", "objects written per picture: itself, its thumbnail, half a text"),
    "tasks": Fact(1.0, "", "tasks per picture: a run of a text step and an image step makes two pictures"),
    "events": Fact(4.0, "", "events per task: started, progress, succeeded"),
    "requests": Fact(20.0, "", "API requests per picture: browsing, watching a run"),
    "thumbs": Fact(30.0, "", "thumbnails loaded per picture made"),
    "views": Fact(1.5, "", "times that a picture is loaded in full"),
    "missed": Fact(0.1, "", "of what is loaded is not at the edge and comes from S3"),
    "kept": Fact(0.2, "", "of the pictures are published and stay; others go after a month: `media.unpublished_days`"),
    "months": Fact(12.0, "months", "of work are stored: the table shows the bill of the last one"),
    "row_kb": Fact(4.0, "KB", "in PostgreSQL per picture, indexes included"),
    "row_growth": Fact(1.3, "", "times the rows: the disk that they take as they change"),
    "api_s": Fact(0.04, "s", "of the function api per request"),
    "advance_s": Fact(0.03, "s", "of the function advance per batch of events"),
    "sweep_s": Fact(0.5, "s", "of the function sweep each time"),
    "polls": Fact(15.0, "a minute", "of the event source on the queue of events: five pollers, 20 s each"),
    "machine_polls": Fact(30.0, "a minute", "calls of SQS by a GPU machine beside those for its tasks"),
    "log_kb": Fact(0.5, "KB", "of log per request, and six times per picture"),
    "idle_log_gb": Fact(0.3, "GB", "of log a month while nobody comes"),
    "boot": Fact(0.1, "", "of a GPU machine's working time is spent on starting it"),
    "models_gb": Fact(30.0, "GB", "models in their bucket"),
}
