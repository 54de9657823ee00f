"""What an action leaves to be sent goes out after its commit, and nothing undoes what is committed."""

from uuid import uuid4

import pytest

from contract.keys import cancel_key
from lambdas.actions.outbox import Outbox
from lambdas.aws.clients import WAITED_FOR, Clients
from lambdas.settings import FlowSettings
from lambdas.store.dispatch import Outgoing
from lambdas.store.tasks import Cancelled
from tests.services.ministack import a_bucket, a_queue, aws


@pytest.fixture
def settings(ministack: str) -> FlowSettings:
    """A bucket and queues of one test's own."""
    return FlowSettings(
        media_bucket=a_bucket(ministack),
        steps_text_queue_url=a_queue(ministack, "text"),
        steps_image_queue_url=a_queue(ministack, "image"),
        aws_endpoint_url=ministack,
    )


def received(ministack: str, url: str) -> list[str]:
    messages = aws("sqs", ministack).receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in messages.get("Messages", [])]


def a_message(body: str, *, queue: str = "text") -> Outgoing:
    return Outgoing(queue=queue, account_id=uuid4(), task_id=uuid4(), body=body)


def test_messages_and_markers_are_sent(settings: FlowSettings, ministack: str) -> None:
    task = Cancelled(id=uuid4(), token="t", out=True)
    outbox = Outbox([a_message("one"), a_message("two", queue="image")], [task])
    outbox.send(Clients(settings, patience=WAITED_FOR), settings)
    assert received(ministack, settings.steps_text_queue_url) == ["one"]
    assert received(ministack, settings.steps_image_queue_url) == ["two"]
    assert aws("s3", ministack).head_object(Bucket=settings.media_bucket, Key=cancel_key(task.id, token="t"))


def test_an_empty_outbox_makes_no_client(settings: FlowSettings) -> None:
    clients = Clients(settings, patience=WAITED_FOR)
    Outbox().send(clients, settings)
    assert not vars(clients).keys() & {"sqs", "s3"}


@pytest.mark.parametrize("change", [{"aws_endpoint_url": "http://127.0.0.1:1"}, {"aws_endpoint_url": "no address"}])
def test_what_cannot_be_sent_is_logged_and_undoes_nothing(
    settings: FlowSettings, change: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    away = settings.model_copy(update=change)
    Outbox([a_message("never")], [Cancelled(id=uuid4(), token="t", out=True)]).send(
        Clients(away, patience=WAITED_FOR), away
    )
    assert caplog.records
