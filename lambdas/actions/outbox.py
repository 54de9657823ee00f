"""What an action leaves to be sent once its transaction has committed; the door that called it sends it."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lambdas.aws import media, queues
from lambdas.aws.clients import Clients
from lambdas.settings import FlowSettings
from lambdas.store.dispatch import Outgoing
from lambdas.store.tasks import Cancelled

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outbox:
    """Messages for workers. The database holds the truth: what is lost here is sent again by sweep."""

    messages: Sequence[Outgoing] = ()
    cancelled: Collection[Cancelled] = ()
    """Tasks whose workers are to leave them."""

    def send(self, clients: Clients, settings: FlowSettings) -> None:
        """Send everything; what fails is logged, for the work is committed and nothing may undo its answer."""
        try:
            if self.messages:
                queues.send_tasks(clients.sqs, self.messages, urls=settings.queue_urls)
            if marks := [(task.id, task.token) for task in self.cancelled]:
                media.mark_cancelled(clients.s3, marks, bucket=settings.media_bucket)
        except Exception:
            log.exception("not sent after commit")
