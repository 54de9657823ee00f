"""Groups of settings that several functions share, under one name each; a function's own stand in its settings.py."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from contract.limits import LEASE_SECONDS
from lambdas.domain.pace import Pace


class Environment(BaseSettings):
    """Environment variables `ATELIER_…`; the same names on a Lambda and on one machine."""

    model_config = SettingsConfigDict(env_prefix="ATELIER_", frozen=True)


class AwsSettings(Environment):
    """Where AWS answers."""

    aws_endpoint_url: str | None = None
    """Where S3, SQS and the others answer when it is not AWS."""
    aws_region: str = "us-east-1"


class DatabaseSettings(AwsSettings):
    """How the application's user logs in to PostgreSQL."""

    database_url: str
    database_iam: bool = False
    """Whether to log in with a token that IAM grants instead of a password."""


class MetricsSettings(Environment):
    """Where figures go."""

    metrics_namespace: str = ""
    """Where in CloudWatch the metrics stand that go into the log; without it there are none."""


class FlowSettings(AwsSettings):
    """What sends tasks to workers: their queues, the bucket of the media, and the times of the protocol."""

    media_bucket: str
    steps_text_queue_url: str
    steps_image_queue_url: str
    lease_seconds: int = Field(default=LEASE_SECONDS, ge=1)

    @property
    def queue_urls(self) -> dict[str, str]:
        """The URL of each queue of tasks, by the queue's name in the catalogue."""
        return {"text": self.steps_text_queue_url, "image": self.steps_image_queue_url}

    @property
    def pace(self) -> Pace:
        """The times and sizes of the protocol."""
        return Pace(lease=timedelta(seconds=self.lease_seconds))


class QuotaSettings(Environment):
    """How much and how long."""

    session_days: int = Field(default=30, ge=1)
    upload_hours: int = Field(default=24, ge=1)
    guests_per_network_day: int = Field(default=5, ge=0)
    """Of a /24 or /56."""
    guest_tasks_per_network_day: int = Field(default=20, ge=0)


class ActionSettings(DatabaseSettings, FlowSettings, QuotaSettings):
    """What actions want to know of their surroundings."""
