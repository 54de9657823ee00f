"""Sending to a real SQS."""

import json
from dataclasses import dataclass
from uuid import UUID, uuid4

from lambdas.aws import queues
from tests.services.ministack import a_queue, aws


@dataclass(frozen=True)
class Message:
    queue: str
    account_id: UUID
    task_id: UUID
    body: str


def messages(count: int, *, queue: str = "text", size: int = 10) -> list[Message]:
    return [Message(queue, uuid4(), uuid4(), json.dumps({"n": n, "fill": "ю" * size})) for n in range(count)]


def received(endpoint: str, url: str) -> dict[str, str]:
    """Bodies by message group."""
    found: dict[str, str] = {}
    sqs = aws("sqs", endpoint)
    while True:
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageSystemAttributeNames=["All"]
        )
        if not answer.get("Messages"):
            return found
        found |= {message["Attributes"]["MessageGroupId"]: message["Body"] for message in answer["Messages"]}


def test_messages_reach_their_queues_with_the_account_as_their_group(ministack: str) -> None:
    urls = {"text": a_queue(ministack), "image": a_queue(ministack)}
    texts, images = messages(23), messages(2, queue="image")
    assert queues.send_tasks(aws("sqs", ministack), [*texts, *images], urls=urls) == []
    assert received(ministack, urls["text"]) == {str(message.account_id): message.body for message in texts}
    assert received(ministack, urls["image"]) == {str(message.account_id): message.body for message in images}


def test_long_messages_are_sent_in_smaller_batches(ministack: str) -> None:
    urls = {"text": a_queue(ministack)}
    long = messages(10, size=50_000)
    assert queues.send_tasks(aws("sqs", ministack), long, urls=urls) == []
    assert len(received(ministack, urls["text"])) == 10


def test_what_is_not_taken_is_given_back_and_the_rest_is_sent(ministack: str) -> None:
    urls = {"text": f"{ministack}/000000000000/no-such-queue", "image": a_queue(ministack)}
    lost, sent = messages(2), messages(1, queue="image")
    not_sent = queues.send_tasks(aws("sqs", ministack), [*lost, *sent], urls=urls)
    assert not_sent == [message.task_id for message in lost]
    assert len(received(ministack, urls["image"])) == 1


def test_a_queue_is_empty_when_nothing_waits_in_it_or_is_being_handled(ministack: str) -> None:
    sqs, url = aws("sqs", ministack), a_queue(ministack)
    assert queues.is_empty(sqs, url)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert not queues.is_empty(sqs, url)
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)["Messages"]
    assert not queues.is_empty(sqs, url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert queues.is_empty(sqs, url)


def test_a_queue_that_does_not_answer_does_not_count_as_empty(ministack: str) -> None:
    assert not queues.is_empty(aws("sqs", ministack), f"{ministack}/000000000000/no-such-queue")
