"""The sweep measures backlogs and wakes groups that sleep, on a real database and real groups."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from lambdas.sweep.handler import Sweeper
from lambdas.sweep.settings import Settings
from tests.lambdas.flow.world import ONE_STEP, World
from tests.services.ministack import a_bucket, a_queue, aws


@pytest.fixture
def autoscaling(ministack: str) -> Any:
    return aws("autoscaling", ministack)


@pytest.fixture
def group(autoscaling: Any) -> Iterator[str]:
    """An empty group of at most two machines."""
    name = f"atelier-{uuid4().hex[:8]}-text"
    autoscaling.create_launch_configuration(
        LaunchConfigurationName=name, ImageId="ami-12345678", InstanceType="g6.xlarge"
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchConfigurationName=name,
        MinSize=0,
        MaxSize=2,
        DesiredCapacity=0,
        AvailabilityZones=["us-east-1a"],
    )
    yield name
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)


@pytest.fixture
def settings(database: str, ministack: str, group: str) -> Settings:
    return Settings(
        database_url=database,
        media_bucket=a_bucket(ministack),
        steps_text_queue_url=a_queue(ministack, "text"),
        steps_image_queue_url=a_queue(ministack, "image"),
        events_queue_url=a_queue(ministack, "events"),
        aws_endpoint_url=ministack,
        text_group=group,
        metrics_namespace="Atelier/test",
    )


def desired(autoscaling: Any, group: str) -> int:
    (found,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"]
    return int(found["DesiredCapacity"])


def metrics(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    """The values of the last sweep, by queue."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    return {line["Queue"]: line for line in lines if "Queue" in line}


def sweep(settings: Settings) -> None:
    with closing(Sweeper(settings)) as sweeper:
        sweeper.sweep()


def test_a_sleeping_group_is_woken_when_work_waits(
    world: World, settings: Settings, autoscaling: Any, group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    account = world.account()
    for _ in range(20):
        world.run(account, ONE_STEP, send=False)
    sweep(settings)
    assert desired(autoscaling, group) == 1
    found = metrics(capsys)
    assert (found["text"]["Backlog"], found["text"]["BacklogPerInstance"], found["text"]["Instances"]) == (20, 20, 0)
    assert found["image"]["Backlog"] == 0
    assert "Instances" not in found["image"], "it has no group"


def test_a_group_that_is_awake_is_left_to_its_target(
    world: World, settings: Settings, autoscaling: Any, group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    autoscaling.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=2)
    account = world.account()
    for _ in range(5):
        world.run(account, ONE_STEP)
    world.apply(world.receive().started())
    sweep(settings)
    assert desired(autoscaling, group) == 2
    assert metrics(capsys)["text"]["BacklogPerInstance"] == 2.5, "what is at work counts"


def test_nobody_is_woken_for_nothing(
    settings: Settings, autoscaling: Any, group: str, conn: psycopg.Connection
) -> None:
    sweep(settings)
    assert desired(autoscaling, group) == 0


def test_a_group_that_is_gone_stops_no_sweep(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    world.run(world.account(), ONE_STEP, send=False)
    sweep(settings.model_copy(update={"text_group": "no-such-group"}))
    found = metrics(capsys)["text"]
    assert found["Backlog"] == 1
    assert "BacklogPerInstance" not in found


def test_one_machine_asks_for_no_groups_and_writes_no_metrics(
    world: World, settings: Settings, autoscaling: Any, group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.run(world.account(), ONE_STEP, send=False)
    sweep(settings.model_copy(update={"text_group": None, "metrics_namespace": ""}))
    assert desired(autoscaling, group) == 0
    assert metrics(capsys) == {}


def test_a_part_of_aws_that_does_not_answer_leaves_half_of_the_minute_to_the_rest(settings: Settings) -> None:
    with closing(Sweeper(settings)) as sweeper:
        clients = sweeper._clients
        for client in (clients.sqs, clients.s3, clients.autoscaling):
            patience = client.meta.config
            once = patience.connect_timeout + patience.read_timeout
            assert patience.retries["total_max_attempts"] * once < 30
