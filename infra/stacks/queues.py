"""The queues: tasks on their way to workers, events on their way back, and where messages go that nobody can handle."""

from dataclasses import dataclass
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from contract.limits import LEASE_SECONDS, MAX_RECEIVES, VISIBILITY_SECONDS
from infra.stacks.base import StageStack
from infra.stacks.settings import StageSettings

ADVANCE_SECONDS = 30
"""How long `advance` may take for a batch."""
_EVENT_TRIES = 5
_EVENTS_KEPT = Duration.days(4)
_DEAD_KEPT = Duration.days(14)


@dataclass(frozen=True)
class Pair:
    """A queue and its dead letters."""

    queue: sqs.Queue
    dead_letters: sqs.Queue


class Queues(StageStack):
    """`text`, `image` and `events`."""

    def __init__(self, scope: Construct, part: str, *, settings: StageSettings, **rest: Any) -> None:
        super().__init__(scope, part, settings=settings, **rest)
        self.text = self._tasks("StepsText")
        self.image = self._tasks("StepsImage")
        self.events = self._events()

    @property
    def steps(self) -> dict[str, Pair]:
        """The queues of tasks by their names in the catalogue."""
        return {"text": self.text, "image": self.image}

    def _tasks(self, name: str) -> Pair:
        """A wake-up outlives its lease once, so that a worker that comes late still finds it; sweep sends it again."""
        return self._pair(
            name,
            visibility=Duration.seconds(VISIBILITY_SECONDS),
            tries=MAX_RECEIVES,
            kept=Duration.seconds(2 * LEASE_SECONDS),
        )

    def _events(self) -> Pair:
        # Six times the function's time limit, as Lambda asks of an event source.
        visibility = Duration.seconds(6 * ADVANCE_SECONDS)
        return self._pair("Events", visibility=visibility, tries=_EVENT_TRIES, kept=_EVENTS_KEPT)

    def _pair(self, name: str, *, visibility: Duration, tries: int, kept: Duration) -> Pair:
        dead_letters = sqs.Queue(
            self,
            f"{name}Dead",
            retention_period=_DEAD_KEPT,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        queue = sqs.Queue(
            self,
            name,
            visibility_timeout=visibility,
            retention_period=kept,
            receive_message_wait_time=Duration.seconds(20),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=tries),
        )
        return Pair(queue, dead_letters)
