"""One account's stars for others' pipelines."""

from uuid import UUID

from lambdas.actions.identity import Identity, full_writer, writer
from lambdas.actions.services import Services
from lambdas.domain.errors import OwnPipeline
from lambdas.store import pipelines, ratings
from lambdas.store.ratings import Rating


def rate(services: Services, identity: Identity, pipeline_id: UUID, *, stars: int) -> Rating:
    """The sums after giving a pipeline stars, or other stars; raises NotFound, OwnPipeline or FullAccountNeeded."""
    with services.transaction() as tx:
        account = full_writer(tx, identity)
        if pipelines.lock_visible(tx, pipeline_id, viewer_id=account.id) == account.id:
            raise OwnPipeline("Nobody rates their own pipeline.")
        return ratings.rate(tx, pipeline_id=pipeline_id, account_id=account.id, stars=stars)


def withdraw(services: Services, identity: Identity, pipeline_id: UUID) -> None:
    """Take one's stars back; without any nothing happens. Raises NotFound."""
    with services.transaction() as tx:
        account = writer(tx, identity)
        pipelines.lock_visible(tx, pipeline_id, viewer_id=account.id)
        ratings.withdraw(tx, pipeline_id=pipeline_id, account_id=account.id)
