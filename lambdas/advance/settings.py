"""What `advance` reads from its environment."""

from lambdas.settings import DatabaseSettings, FlowSettings, MetricsSettings


class Settings(DatabaseSettings, FlowSettings, MetricsSettings):
    """The environment variables `ATELIER_…` of the Lambda function `advance`."""
