"""What `migrate` reads from its environment."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The environment variables `ATELIER_…` of the Lambda function `migrate`."""

    model_config = SettingsConfigDict(env_prefix="ATELIER_", frozen=True)

    database_url: str
    """Of the schema's owner."""
    database_secret: str | None = None
    """The ARN of the secret that holds the owner's password, where the URL has none."""
    app_user: bool = False
    """Whether the user `atelier_app` is kept, as which the other functions log in."""
    migrations: str = ""
    """Which migrations this code carries: a deployment that asks for others is not meant for it."""
    aws_endpoint_url: str | None = None
    """Where Secrets Manager answers when it is not AWS."""
    aws_region: str = "us-east-1"
