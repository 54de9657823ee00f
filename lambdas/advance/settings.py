"""What `advance` reads from its environment."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from contract.limits import LEASE_SECONDS
from lambdas.domain.pace import Pace


class Settings(BaseSettings):
    """The environment variables `ATELIER_…` of the Lambda function `advance`."""

    model_config = SettingsConfigDict(env_prefix="ATELIER_", frozen=True)

    database_url: str
    database_iam: bool = False
    """Whether to log in with a token that IAM grants instead of a password."""
    media_bucket: str
    steps_text_queue_url: str
    steps_image_queue_url: str
    aws_endpoint_url: str | None = None
    """Where S3 and SQS answer when it is not AWS."""
    aws_region: str = "us-east-1"
    metrics_namespace: str = ""
    """Where in CloudWatch the metrics stand that go into the log; without it there are none."""
    lease_seconds: int = Field(default=LEASE_SECONDS, ge=1)

    @property
    def queue_urls(self) -> dict[str, str]:
        """The URL of each queue of tasks, by the queue's name in the catalogue."""
        return {"text": self.steps_text_queue_url, "image": self.steps_image_queue_url}

    @property
    def pace(self) -> Pace:
        """The times and sizes of the protocol."""
        return Pace(lease=timedelta(seconds=self.lease_seconds))
