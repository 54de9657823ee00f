"""What `sweep` reads from its environment."""

from pydantic import Field

from lambdas.settings import DatabaseSettings, FlowSettings, MetricsSettings


class Settings(DatabaseSettings, FlowSettings, MetricsSettings):
    """The environment variables `ATELIER_…` of the Lambda function `sweep`."""

    events_queue_url: str
    unpublished_days: int | None = Field(default=None, ge=1)
    """Runs that nobody has published are deleted after so many days; absent: never."""
    text_group: str | None = None
    image_group: str | None = None
    """The auto scaling group of each queue's workers: one that sleeps is woken when work waits. Absent: none is."""

    @property
    def groups(self) -> dict[str, str]:
        """The auto scaling group of each queue that has one."""
        named = {"text": self.text_group, "image": self.image_group}
        return {queue: group for queue, group in named.items() if group}
