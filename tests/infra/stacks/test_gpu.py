"""Machines: none while nothing waits, encrypted, closed, and each limited to its own queue, prefixes and group."""

import json
import re
import subprocess
from typing import Any

import pytest

from contract import catalogue
from contract.keys import PROMPT_LIST
from contract.kinds import KINDS
from contract.metrics import METRICS
from gpu_worker.queue import shutdown
from gpu_worker.settings import Settings
from infra.stacks.gpu import Gpu
from infra.stacks.package import USER_DATA
from tests.infra.stacks.templates import Properties, Stage, synthesized

QUEUES = ("text", "image")
SCRIPT = {
    "ATELIER_PACKAGE", "ATELIER_QUEUE", "ATELIER_GROUP", "ATELIER_LOG_GROUP",
}  # fmt: skip
"""What the boot script is told beside the worker's own settings."""
_SPOT_NOTICE_SECONDS = 120
_SAFETY = {
    "prompts": True,
    "classifier": f"someone/a-classifier@{'5' * 40}",
    "labels": ["porn", "not safe/for work"],
    "threshold": 0.7,
}


@pytest.fixture(params=["small", "large", "emulated"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def group(stage: Stage, queue: str) -> Properties:
    return stage.one("gpu", "AWS::AutoScaling::AutoScalingGroup", queue.capitalize())


def template(stage: Stage, queue: str) -> Properties:
    return stage.one("gpu", "AWS::EC2::LaunchTemplate", queue.capitalize())["LaunchTemplateData"]


def statements(stage: Stage, queue: str) -> list[dict[str, Any]]:
    policy = stage.one("gpu", "AWS::IAM::Policy", f"{queue.capitalize()}Role")
    return list(policy["PolicyDocument"]["Statement"])


def user_data(stage: Stage, queue: str) -> str:
    """The script as a machine gets it; what only CloudFormation knows is written as its reference."""
    parts = template(stage, queue)["UserData"]["Fn::Base64"]["Fn::Join"][1]
    return "".join(part if isinstance(part, str) else json.dumps(part).replace("'", "") for part in parts)


def told(stage: Stage, queue: str) -> dict[str, str]:
    return dict(re.findall(r"^export (\w+)='(.*)'$", user_data(stage, queue), re.MULTILINE))


def test_functions_change_before_machines_whose_events_they_have_to_read(stage: Stage) -> None:
    gpu = stage.app.node.find_child(f"{stage.settings.prefix}-gpu")
    assert isinstance(gpu, Gpu)
    assert f"{stage.settings.prefix}-api" in {needed.stack_name for needed in gpu.dependencies}


@pytest.mark.parametrize("queue", QUEUES)
def test_no_machine_runs_while_nothing_waits(stage: Stage, queue: str) -> None:
    found = group(stage, queue)
    assert found["MinSize"] == "0"
    assert "DesiredCapacity" not in found, "a deployment leaves the group as large as it is"
    assert found["AutoScalingGroupName"] == stage.settings.group_name(queue)
    assert found["MaxSize"] == str(stage.settings.workers[queue].instances)


@pytest.mark.parametrize("queue", QUEUES)
def test_machines_are_cheap_and_of_several_types(stage: Stage, queue: str) -> None:
    policy = group(stage, queue)["MixedInstancesPolicy"]
    spread = policy["InstancesDistribution"]
    assert spread["SpotAllocationStrategy"] == "price-capacity-optimized"
    assert spread["OnDemandPercentageAboveBaseCapacity"] == 0
    assert spread["OnDemandBaseCapacity"] == stage.settings.workers[queue].on_demand
    assert len({override["InstanceType"] for override in policy["LaunchTemplate"]["Overrides"]}) >= 4
    assert group(stage, queue)["CapacityRebalance"] is True


@pytest.mark.parametrize("queue", QUEUES)
def test_a_machine_is_encrypted_and_closed(stage: Stage, queue: str) -> None:
    data = template(stage, queue)
    (disk,) = data["BlockDeviceMappings"]
    assert disk["Ebs"]["Encrypted"] is True
    assert disk["Ebs"]["VolumeType"] == "gp3"
    assert disk["Ebs"]["DeleteOnTermination"] is True
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert "KeyName" not in data
    (security_group,) = data["SecurityGroupIds"]
    assert "Workers" in json.dumps(security_group)


def test_an_operator_is_told_where_models_go(stage: Stage) -> None:
    output = stage.parts["data"]["Outputs"]["ModelsBucket"]
    assert "Models" in json.dumps(output["Value"])
    assert "gpu_worker.models sync" in output["Description"]


def test_machines_start_from_the_driver_image_that_aws_keeps_up_to_date(small: Stage) -> None:
    parameters = small.parts["gpu"]["Parameters"]
    image = template(small, "text")["ImageId"]["Ref"]
    assert parameters[image]["Type"] == "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"
    assert parameters[image]["Default"].startswith("/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-")


@pytest.mark.parametrize("queue", QUEUES)
def test_a_group_follows_the_backlog_that_sweep_publishes(stage: Stage, queue: str) -> None:
    policy = stage.one("gpu", "AWS::AutoScaling::ScalingPolicy", queue.capitalize())
    tracking = policy["TargetTrackingConfiguration"]
    assert tracking["TargetValue"] == stage.settings.workers[queue].tasks_per_instance
    metric = tracking["CustomizedMetricSpecification"]
    assert metric["Namespace"] == stage.settings.metrics_namespace
    assert metric["Dimensions"] == [{"Name": METRICS[metric["MetricName"]].dimension, "Value": queue}]


@pytest.mark.parametrize("queue", QUEUES)
def test_a_machine_counts_once_it_works_and_goes_once_it_has_given_back(stage: Stage, queue: str) -> None:
    hooks = {
        hook["LifecycleHookName"]: hook
        for name, hook in stage.found("gpu", "AWS::AutoScaling::LifecycleHook").items()
        if name.startswith(queue.capitalize())
    }
    assert hooks["launch"]["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_LAUNCHING"
    assert hooks["launch"]["DefaultResult"] == "ABANDON", "a machine that never says that it works is taken away"
    assert hooks["terminate"]["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_TERMINATING"
    assert hooks["terminate"]["DefaultResult"] == "CONTINUE"
    scripts = (USER_DATA / "worker.sh").read_text() + (USER_DATA / "machine" / "watch.sh").read_text()
    assert all(f"--lifecycle-hook-name {name}" in scripts for name in hooks)


@pytest.mark.parametrize("queue", QUEUES)
def test_a_worker_has_ended_before_its_machine_must_go(stage: Stage, queue: str) -> None:
    hooks = stage.found("gpu", "AWS::AutoScaling::LifecycleHook").values()
    (farewell,) = {hook["HeartbeatTimeout"] for hook in hooks if hook["LifecycleHookName"] == "terminate"}
    unit = (USER_DATA / "machine" / "atelier-worker.service").read_text()
    grace, timeout = (float(re.findall(rf"{name}=(\d+)", unit)[0]) for name in ("GRACE_SECONDS", "TimeoutStopSec"))
    settings = Settings.model_fields
    poll = settings["wait_seconds"].default + 1
    assert grace + poll + shutdown.FINAL_EVENT_SECONDS * 2 < timeout, "systemd kills nobody who is about to end"
    watch = (USER_DATA / "machine" / "watch.sh").read_text()
    noticed = int(re.findall(r"WATCH_SECONDS:-(\d+)", watch)[0]) + 5
    assert noticed + timeout < min(farewell, _SPOT_NOTICE_SECONDS)
    assert settings["grace_seconds"].default < 5, "Ctrl-C on one machine does not wait long"


@pytest.mark.parametrize("queue", QUEUES)
def test_a_machine_is_told_what_it_reads(stage: Stage, queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's settings class accepts what the script hands on, and the script's own variables are all there."""
    found = told(stage, queue)
    for name in ("AWS_ENDPOINT_URL", "ATELIER_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.metrics_namespace == stage.settings.metrics_namespace
    assert settings.models_bucket
    assert list(settings.queue_urls) == [queue]
    fields = {f"ATELIER_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in found if name.startswith("ATELIER_")} <= fields | SCRIPT
    required = re.findall(r'^: "\$\{(\w+):\?', (USER_DATA / "worker.sh").read_text(), re.MULTILINE)
    assert set(required) <= set(found)


@pytest.fixture(scope="module", params=["gpu", "demo"])
def careful(request: pytest.FixtureRequest) -> Stage:
    """A stage that refuses words and pictures."""
    return synthesized("small", profile=request.param, safety=_SAFETY)


@pytest.mark.parametrize("queue", QUEUES)
def test_machines_are_told_what_a_stage_refuses(careful: Stage, queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in told(careful, queue).items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.prompt_list == PROMPT_LIST
    if queue == "text":
        assert settings.classifier is None
        return
    assert settings.safety_classifier == _SAFETY["classifier"]
    assert settings.safety_labels == tuple(_SAFETY["labels"])
    assert (settings.safety_threshold, settings.safety_required) == (0.7, True)


def test_machines_for_texts_make_no_picture_that_they_would_have_to_judge() -> None:
    models = [model for model in catalogue.load("gpu").models if model.queue == "text"]
    assert {KINDS[kind].makes for model in models for kind in model.kinds} == {"text"}


def test_what_machines_are_told_survives_the_shell(careful: Stage) -> None:
    exports = [line for line in user_data(careful, "image").splitlines() if line.startswith("export ")]
    shell = subprocess.run(["bash", "-c", "\n".join([*exports, "env"])], capture_output=True, text=True, check=True)
    found = dict(line.split("=", 1) for line in shell.stdout.splitlines())
    for name, value in told(careful, "image").items():
        assert found[name] == value
        assert not {"'", "\\", "\n"} & set(value), "worker.env holds it between single quotes"


@pytest.mark.parametrize("queue", QUEUES)
def test_a_stage_that_refuses_nothing_is_told_nothing_of_it(stage: Stage, queue: str) -> None:
    assert not [name for name in told(stage, queue) if "SAFETY" in name or "PROMPT" in name]


@pytest.mark.parametrize("queue", QUEUES)
def test_a_machine_may_read_the_list_and_the_classifier_and_not_write_them(
    careful: Stage, small: Stage, queue: str
) -> None:
    models = [each for each in statements(careful, queue) if "Models" in json.dumps(each["Resource"])]
    assert [each["Action"] for each in models] == ["s3:GetObject"]
    assert statements(careful, queue) == statements(small, queue)


@pytest.mark.parametrize("queue", QUEUES)
def test_user_data_is_the_readable_script_and_fits(stage: Stage, queue: str) -> None:
    script = user_data(stage, queue)
    assert script.startswith("#!/usr/bin/env bash\n")
    assert (USER_DATA / "worker.sh").read_text() in script
    assert len(script) < 16_384, "EC2 takes no more"


@pytest.mark.parametrize(("queue", "other"), [("text", "image"), ("image", "text")])
def test_a_machine_may_do_its_own_work_and_nothing_else(stage: Stage, queue: str, other: str) -> None:
    allowed = {
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:SendMessage",
        "s3:GetObject", "s3:PutObject", "logs:CreateLogStream", "logs:PutLogEvents",
        "cloudwatch:PutMetricData", "autoscaling:CompleteLifecycleAction", "autoscaling:SetInstanceHealth",
        "autoscaling:SetInstanceProtection",
    }  # fmt: skip
    if queue == "image":
        allowed.add("s3:DeleteObject")
    found = statements(stage, queue)
    actions = {a for s in found for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}
    assert actions == allowed
    assert not re.search(rf"Steps{other.capitalize()}|atelier-\w+-{other}\b", json.dumps(found))
    for statement in found:
        if statement["Resource"] == "*":
            assert statement["Action"] == "cloudwatch:PutMetricData"
            namespace = {"cloudwatch:namespace": stage.settings.metrics_namespace}
            assert statement["Condition"] == {"StringEquals": namespace}
    (write,) = [s for s in found if s["Action"] == "s3:PutObject"]
    assert json.dumps(write["Resource"]).endswith('"/media/*"]]}')
    for delete in [s for s in found if s["Action"] == "s3:DeleteObject"]:
        assert json.dumps(delete["Resource"]).endswith('"/media/*/preview-*"]]}'), "never what a run has made"
