"""What the API reads from its environment."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from contract.catalogue import Profile
from contract.limits import LEASE_SECONDS


class Settings(BaseSettings):
    """The environment variables `ATELIER_…` of the API; the same names on a Lambda and on one machine."""

    model_config = SettingsConfigDict(env_prefix="ATELIER_", frozen=True)

    database_url: str
    database_iam: bool = False
    """Whether to log in with a token that IAM grants instead of a password."""
    pool_size: int = Field(default=8, ge=1)
    """Connections at most; a Lambda answers one request at a time and needs 1."""
    profile: Profile = "demo"

    media_bucket: str
    steps_text_queue_url: str
    steps_image_queue_url: str
    aws_endpoint_url: str | None = None
    """Where S3 and SQS answer when it is not AWS."""
    aws_region: str = "us-east-1"

    secret: SecretStr = Field(min_length=16)
    """Signs cursors; any random text that all instances share."""
    site_scheme: Literal["http", "https"] = "https"
    """How browsers reach the site; it decides the session cookie's Secure and the Origin that is right."""
    origin_secret: SecretStr | None = None
    """What CloudFront sends in `X-Origin-Secret`: `X-Forwarded-Host` and the viewer's address count only with it."""

    metrics_namespace: str = ""
    """Where in CloudWatch the metrics stand that go into the log; without it there are none."""
    page: str | None = None
    """Where the page's index.html is, `s3://bucket/key` or a file's path: links to results get previews from it."""

    lease_seconds: int = Field(default=LEASE_SECONDS, ge=1)
    session_days: int = 30
    upload_hours: int = 24
    guests_per_network_day: int = 5
    guest_tasks_per_network_day: int = 20
    password_hashings: int = Field(default=2, ge=1)
    """Passwords hashed at one time: each takes 19 MiB and a core."""
