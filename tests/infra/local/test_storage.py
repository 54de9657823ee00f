"""The gate before MiniStack, and the queues behind it."""

import json

import httpx
import pytest
from botocore.exceptions import ClientError

from infra.local import queues, storage
from tests.infra.local.services import RunningHome


def _address(running: RunningHome) -> str:
    return f"http://127.0.0.1:{running.parts.storage_port}"


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/_ministack/reset"), ("GET", "/atelier-media"), ("POST", "/000000000000/events"), ("OPTIONS", "/")],
)
def test_whoever_has_no_key_of_the_home_gets_nothing(running_home: RunningHome, method: str, path: str) -> None:
    answer = httpx.request(method, _address(running_home) + path, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_the_key_of_the_home_does_not_open_the_administration(running_home: RunningHome) -> None:
    key = storage.credentials(running_home.home)["AWS_ACCESS_KEY_ID"]
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/s3/aws4_request"}
    assert httpx.post(f"{_address(running_home)}/_ministack/reset", headers=headers).status_code == 403
    assert httpx.get(f"{_address(running_home)}/atelier-media", headers=headers).status_code == 200


def test_every_queue_has_its_visibility_and_a_dead_letter_queue(running_home: RunningHome) -> None:
    sqs = running_home.client("sqs")
    addresses = queues.Queues.at(running_home.parts.storage_port)
    for url in (addresses.steps_text, addresses.steps_image, addresses.events):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert attributes["VisibilityTimeout"] == "60"
        target = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"]
        assert sqs.get_queue_url(QueueName=target.rsplit(":", 1)[-1])["QueueUrl"] == f"{url}-dead"


def test_making_the_queues_again_keeps_what_is_in_them(running_home: RunningHome) -> None:
    sqs, port = running_home.client("sqs"), running_home.parts.storage_port
    url = queues.Queues.at(port).steps_text
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    queues.make(running_home.home, port=port, visibility_seconds=7)
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2)["Messages"]
    assert message["Body"] == "kept"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "7"
    queues.make(running_home.home, port=port, visibility_seconds=60)


def test_another_home_may_not_use_this_one(running_home: RunningHome, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**storage.credentials(running_home.home), "AWS_ACCESS_KEY_ID": "ATELIER" + "0" * 24}
    monkeypatch.setattr(queues, "credentials", lambda home: wrong)
    with pytest.raises(ClientError):
        queues.client("s3", running_home.home, port=running_home.parts.storage_port).list_buckets()
