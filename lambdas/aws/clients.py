"""The clients of AWS, the only ones that the functions build; each is made at its first use."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lambdas.settings import AwsSettings


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take before it counts as failed: seconds, and tries in all; boto3's own is minutes."""

    connect_seconds: int
    read_seconds: int
    tries: int


WAITED_FOR = Patience(connect_seconds=2, read_seconds=5, tries=3)
"""Somebody waits for the answer: better a clear 503 within seconds."""
IN_BACKGROUND = Patience(connect_seconds=3, read_seconds=10, tries=2)
"""Nobody waits; it costs a pass of sweep half of its minute at most, and the rest is still done."""


class Clients:
    """S3, SQS and the others for one process."""

    def __init__(self, settings: AwsSettings, *, patience: Patience) -> None:
        self._settings = settings
        self._patience = patience

    @cached_property
    def s3(self) -> Any:
        """The client of S3."""
        return self._client("s3")

    @cached_property
    def sqs(self) -> Any:
        """The client of SQS."""
        return self._client("sqs")

    @cached_property
    def autoscaling(self) -> Any:
        """The client of EC2 Auto Scaling."""
        return self._client("autoscaling")

    @cached_property
    def secrets(self) -> Any:
        """The client of Secrets Manager."""
        return self._client("secretsmanager")

    def _client(self, name: str) -> Any:
        import boto3  # 0.2 s that a cold start without uploads or runs need not pay
        from botocore.config import Config

        client: Any = boto3.client  # its stubs want the name of a service as a literal
        config = Config(
            connect_timeout=self._patience.connect_seconds,
            read_timeout=self._patience.read_seconds,
            retries={"total_max_attempts": self._patience.tries, "mode": "standard"},
        )
        where = {"region_name": self._settings.aws_region, "endpoint_url": self._settings.aws_endpoint_url}
        return client(name, config=config, **where)
