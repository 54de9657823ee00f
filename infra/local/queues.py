"""The bucket and the queues of one edition, with the attributes that the stacks give them on AWS."""

import json
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from contract.limits import MAX_RECEIVES
from infra.local.home import Home
from infra.local.storage import REGION, credentials

BUCKET = "atelier-media"
_KEEP_SECONDS = 14 * 24 * 3600
_EVENT_RECEIVES = 10
_EVENT_VISIBILITY_SECONDS = 60


@dataclass(frozen=True)
class Queues:
    """The addresses of the queues."""

    steps_text: str
    steps_image: str
    events: str

    @classmethod
    def at(cls, port: int) -> "Queues":
        """The addresses that MiniStack gives on this port."""
        base = f"http://127.0.0.1:{port}/000000000000"
        return cls(f"{base}/steps-text", f"{base}/steps-image", f"{base}/events")


def client(service: str, home: Home, *, port: int) -> Any:
    """A boto3 client (`s3`, `sqs`) of this home."""
    keys = credentials(home)
    make: Any = boto3.client  # type stubs, where installed, want the service as a literal
    return make(
        service,
        region_name=REGION,
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 3}),
    )


def make(home: Home, *, port: int, visibility_seconds: int) -> None:
    """Make what is missing and bring attributes up to date; what is there keeps its content."""
    s3 = client("s3", home, port=port)
    if BUCKET not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=BUCKET)
    sqs = client("sqs", home, port=port)
    for name in ("steps-text", "steps-image"):
        _make_queue(sqs, name, visibility_seconds=visibility_seconds, receives=MAX_RECEIVES)
    # Last: whoever can receive events may rely on the others being there.
    _make_queue(sqs, "events", visibility_seconds=_EVENT_VISIBILITY_SECONDS, receives=_EVENT_RECEIVES)


def _make_queue(sqs: Any, name: str, *, visibility_seconds: int, receives: int) -> None:
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"MessageRetentionPeriod": str(_KEEP_SECONDS)})
    target = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    attributes = {
        "VisibilityTimeout": str(visibility_seconds),
        "MessageRetentionPeriod": str(_KEEP_SECONDS),
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": str(receives)}),
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
