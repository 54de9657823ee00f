"""What the API reads from its environment."""

from typing import Literal

from pydantic import Field, SecretStr

from contract.catalogue import Profile
from lambdas.settings import ActionSettings, MetricsSettings


class Settings(ActionSettings, MetricsSettings):
    """The environment variables `ATELIER_…` of the API."""

    pool_size: int = Field(default=8, ge=1)
    """Connections at most; a Lambda answers one request at a time and needs 1."""
    profile: Profile = "demo"

    secret: SecretStr = Field(min_length=16)
    """Signs cursors; any random text that all instances share."""
    site_scheme: Literal["http", "https"] = "https"
    """How browsers reach the site; it decides the session cookie's Secure and the Origin that is right."""
    origin_secret: SecretStr | None = None
    """What CloudFront sends in `X-Origin-Secret`: `X-Forwarded-Host` and the viewer's address count only with it."""

    page: str | None = None
    """Where the page's index.html is, `s3://bucket/key` or a file's path: links to results get previews from it."""

    password_hashings: int = Field(default=2, ge=1)
    """Passwords hashed at one time: each takes 19 MiB and a core."""
