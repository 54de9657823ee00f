"""Messages wait as long as the protocol bears, and what nobody can handle is kept for people."""

import pytest

from contract.limits import LEASE_SECONDS, MAX_RECEIVES, VISIBILITY_SECONDS
from tests.infra.stacks.templates import Properties, Stage


@pytest.fixture
def queues(small: Stage) -> dict[str, Properties]:
    return {name.rstrip("0123456789ABCDEF"): queue for name, queue in small.found("queues", "AWS::SQS::Queue").items()}


def test_tasks_come_again_while_their_lease_lasts(queues: dict[str, Properties]) -> None:
    for name in ("StepsText", "StepsImage"):
        queue = queues[name]
        assert queue["VisibilityTimeout"] == VISIBILITY_SECONDS
        assert LEASE_SECONDS <= queue["MessageRetentionPeriod"] <= 4 * LEASE_SECONDS
        assert queue["RedrivePolicy"]["maxReceiveCount"] == MAX_RECEIVES
        assert "FifoQueue" not in queue, "fair by message group: a standard queue"


def test_events_outlive_an_outage_of_the_database(queues: dict[str, Properties], small: Stage) -> None:
    events = queues["Events"]
    assert events["MessageRetentionPeriod"] >= 4 * 24 * 3600
    functions = small.found("api", "AWS::Lambda::Function")
    (advance,) = [function for name, function in functions.items() if name.startswith("Advance")]
    assert events["VisibilityTimeout"] >= 6 * advance["Timeout"], "as Lambda asks of an event source"


def test_every_queue_has_dead_letters_that_wait_for_two_weeks(small: Stage) -> None:
    found = small.found("queues", "AWS::SQS::Queue")
    targets = {
        queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for queue in found.values()
        if "RedrivePolicy" in queue
    }
    dead = {name for name, queue in found.items() if "RedrivePolicy" not in queue}
    assert targets == dead
    assert len(dead) == 3
    assert {found[name]["MessageRetentionPeriod"] for name in dead} == {14 * 24 * 3600}


def test_messages_are_encrypted_and_travel_over_tls(small: Stage) -> None:
    found = small.found("queues", "AWS::SQS::Queue")
    assert all(queue["SqsManagedSseEnabled"] for queue in found.values())
    policies = small.found("queues", "AWS::SQS::QueuePolicy").values()
    assert len(policies) == len(found)
    for policy in policies:
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
