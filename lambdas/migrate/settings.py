"""What `migrate` reads from its environment."""

from lambdas.settings import AwsSettings


class Settings(AwsSettings):
    """The environment variables `ATELIER_…` of the Lambda function `migrate`."""

    database_url: str
    """Of the schema's owner."""
    database_secret: str | None = None
    """The ARN of the secret that holds the owner's password, where the URL has none."""
    app_user: bool = False
    """Whether the user `atelier_app` is kept, as which the other functions log in."""
    migrations: str = ""
    """Which migrations this code carries: a deployment that asks for others is not meant for it."""
