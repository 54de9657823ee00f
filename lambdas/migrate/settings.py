"""What `migrate` reads from its environment."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The environment variables `ATELIER_…` of the Lambda function `migrate`."""

    model_config = SettingsConfigDict(env_prefix="ATELIER_", frozen=True)

    database_url: str
