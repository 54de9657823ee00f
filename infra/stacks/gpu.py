"""The GPU workers: for each queue a group of machines that is empty while nothing waits."""

import json
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from contract.catalogue import Queue
from contract.keys import CONTROL_PREFIX, MEDIA_PREFIX, PREVIEWS, PROMPT_LIST, UPLOAD_PREFIX
from infra.stacks.base import StageStack, retention
from infra.stacks.data import Data
from infra.stacks.functions import Grant
from infra.stacks.nag import acknowledge, acknowledge_wildcards
from infra.stacks.network import PUBLIC, Network
from infra.stacks.package import USER_DATA, worker_package
from infra.stacks.queues import Pair, Queues
from infra.stacks.settings import QUEUES, StageSettings

_MACHINE_IMAGE = "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-amazon-linux-2023/latest/ami-id"
"""Amazon Linux 2023 with NVIDIA's driver: https://docs.aws.amazon.com/dlami/latest/devguide/"""
_NO_IMAGE = {"ami": "ami-00000000000000000"}
_ROOT_DEVICE = "/dev/xvda"
_BOOT = Duration.minutes(30)
"""How long a machine may take to install the worker and fetch its models."""
_FAREWELL = Duration.minutes(2)
_ABOUT_ITSELF = ("CompleteLifecycleAction", "SetInstanceHealth", "SetInstanceProtection")
"""What a machine tells its group: that it works or may go, that it is unfit, that it is busy."""
_WARM_UP = Duration.minutes(10)


class Gpu(StageStack):
    """`groups` and `logs` by the name of their queue; each machine is limited to its own queue, prefixes and group."""

    def __init__(
        self,
        scope: Construct,
        part: str,
        *,
        settings: StageSettings,
        network: Network,
        data: Data,
        queues: Queues,
        **rest: Any,
    ) -> None:
        super().__init__(scope, part, settings=settings, **rest)
        self._network, self._data, self._queues = network, data, queues
        self._package = assets.Asset(self, "Package", path=str(worker_package()))
        self.logs: dict[str, logs.LogGroup] = {}
        self.groups: dict[str, autoscaling.AutoScalingGroup] = {}
        for queue in QUEUES:
            self.logs[queue] = self._log(queue)
            self.groups[queue] = self._group(queue)

    def _log(self, queue: Queue) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            f"{queue.capitalize()}Log",
            log_group_name=log_name(self.settings, queue),
            retention=retention(self.settings.log_days),
            removal_policy=self.removal_policy,
        )

    def _group(self, queue: Queue) -> autoscaling.AutoScalingGroup:
        wanted = self.settings.workers[queue]
        group = autoscaling.AutoScalingGroup(
            self,
            f"{queue.capitalize()}Group",
            auto_scaling_group_name=self.settings.group_name(queue),
            vpc=self._network.vpc,
            vpc_subnets=PUBLIC,
            min_capacity=0,
            max_capacity=wanted.instances,
            mixed_instances_policy=self._mixed(queue),
            capacity_rebalance=True,
            default_instance_warmup=_WARM_UP,
            group_metrics=[autoscaling.GroupMetrics.all()],
            # New machines for a new worker, a few at a time; what they hold goes back to the queue.
            update_policy=autoscaling.UpdatePolicy.rolling_update(
                max_batch_size=max(1, wanted.instances // 4),
                suspend_processes=[autoscaling.ScalingProcess.ALARM_NOTIFICATION],
            ),
        )
        self._hook(group)
        self._follow_the_backlog(group, queue)
        acknowledge(group, "EC26", "The rule cannot read mixed instances; every launch template encrypts its disk")
        acknowledge(group, "AS3", "Groups grow and shrink all day; alarms tell of what goes wrong with them")
        return group

    def _mixed(self, queue: Queue) -> autoscaling.MixedInstancesPolicy:
        wanted = self.settings.workers[queue]
        return autoscaling.MixedInstancesPolicy(
            launch_template=self._template(queue),
            launch_template_overrides=[
                autoscaling.LaunchTemplateOverrides(instance_type=ec2.InstanceType(name)) for name in wanted.types
            ],
            instances_distribution=autoscaling.InstancesDistribution(
                on_demand_base_capacity=wanted.on_demand,
                on_demand_percentage_above_base_capacity=0,
                spot_allocation_strategy=autoscaling.SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
            ),
        )

    def _template(self, queue: Queue) -> ec2.LaunchTemplate:
        disk = ec2.BlockDeviceVolume.ebs(
            self.settings.workers[queue].disk_gib,
            encrypted=True,
            volume_type=ec2.EbsDeviceVolumeType.GP3,
            delete_on_termination=True,
        )
        return ec2.LaunchTemplate(
            self,
            f"{queue.capitalize()}Template",
            machine_image=self._image(),
            security_group=self._network.workers,
            role=self._role(queue),
            user_data=ec2.UserData.custom(self.user_data(queue)),
            block_devices=[ec2.BlockDevice(device_name=_ROOT_DEVICE, volume=disk)],
            require_imdsv2=True,
            http_put_response_hop_limit=1,
        )

    def _image(self) -> ec2.IMachineImage:
        if self.settings.emulated:
            return ec2.MachineImage.generic_linux({self.settings.region: _NO_IMAGE["ami"]})
        return ec2.MachineImage.from_ssm_parameter(_MACHINE_IMAGE)

    def user_data(self, queue: Queue) -> str:
        """The script that every machine of a queue runs at its first start, below what it is told about its stage."""
        exports = "\n".join(f"export {name}='{value}'" for name, value in self.told(queue).items())
        return f"#!/usr/bin/env bash\n{exports}\n\n{USER_DATA.joinpath('worker.sh').read_text('utf-8')}"

    def told(self, queue: Queue) -> dict[str, str]:
        """What a queue's machines are told: settings of the worker, and of the script that installs it."""
        settings, pair = self.settings, self._queues.steps[queue]
        emulator = settings.emulator
        return {
            "AWS_DEFAULT_REGION": settings.region,
            "ATELIER_AWS_REGION": settings.region,
            "ATELIER_PACKAGE": self._package.s3_object_url,
            "ATELIER_QUEUE": queue,
            "ATELIER_GROUP": settings.group_name(queue),
            "ATELIER_LOG_GROUP": self.logs[queue].log_group_name,
            "ATELIER_METRICS_NAMESPACE": settings.metrics_namespace,
            "ATELIER_PROFILE": settings.profile,
            f"ATELIER_STEPS_{queue.upper()}_QUEUE_URL": pair.queue.queue_url,
            "ATELIER_EVENTS_QUEUE_URL": self._queues.events.queue.queue_url,
            "ATELIER_MEDIA_BUCKET": self._data.media.bucket_name,
            "ATELIER_MODELS_BUCKET": self._data.models.bucket_name,
            **self._told_of_safety(queue),
            **({"ATELIER_AWS_ENDPOINT_URL": emulator.endpoint_url} if emulator else {}),
        }

    def _told_of_safety(self, queue: Queue) -> dict[str, str]:
        """What a queue's machines refuse; those for texts make no picture that they could judge."""
        safety = self.settings.safety
        told = {"ATELIER_PROMPT_LIST": PROMPT_LIST} if safety.prompts else {}
        if safety.classifier and queue == "image":
            told |= {
                "ATELIER_SAFETY_CLASSIFIER": safety.classifier,
                "ATELIER_SAFETY_LABELS": json.dumps(safety.labels),
                "ATELIER_SAFETY_THRESHOLD": str(safety.threshold),
                "ATELIER_SAFETY_REQUIRED": str(safety.required).lower(),
            }
        return told

    def _role(self, queue: Queue) -> iam.Role:
        role = iam.Role(self, f"{queue.capitalize()}Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
        grants = self._grants(queue)
        for grant in grants:
            role.add_to_principal_policy(grant.statement())
        named = [resource for grant in grants for resource in grant.resources]
        reason = "Prefixes of buckets hold objects of any name; a group's ARN has a random part"
        acknowledge_wildcards(role, named, reason)
        return role

    def _grants(self, queue: Queue) -> list[Grant]:
        """What a machine may do: everything that the worker and its boot script call, and nothing else."""
        media, models = self._data.media, self._data.models
        pair: Pair = self._queues.steps[queue]
        readable = [media.arn_for_objects(f"{prefix}*") for prefix in (MEDIA_PREFIX, UPLOAD_PREFIX, CONTROL_PREFIX)]
        group = (
            f"arn:{self.partition}:autoscaling:{self.region}:{self.account}:"
            f"autoScalingGroup:*:autoScalingGroupName/{self.settings.group_name(queue)}"
        )
        namespace = {"StringEquals": {"cloudwatch:namespace": self.settings.metrics_namespace}}
        package = self._package.bucket.arn_for_objects(self._package.s3_object_key)
        return [
            Grant(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"], [pair.queue.queue_arn]),
            Grant(["sqs:SendMessage"], [self._queues.events.queue.queue_arn]),
            Grant(["s3:GetObject"], [*readable, models.arn_for_objects("*"), package]),
            Grant(["s3:PutObject"], [media.arn_for_objects(f"{MEDIA_PREFIX}*")]),
            *([Grant(["s3:DeleteObject"], [media.arn_for_objects(PREVIEWS)])] if queue == "image" else []),
            Grant(["logs:CreateLogStream", "logs:PutLogEvents"], [self.logs[queue].log_group_arn]),
            # CloudWatch knows no resource to narrow this to, only the namespace.
            Grant(["cloudwatch:PutMetricData"], ["*"], namespace),
            Grant([f"autoscaling:{action}" for action in _ABOUT_ITSELF], [group]),
        ]

    def _hook(self, group: autoscaling.AutoScalingGroup) -> None:
        """A machine counts once its worker is at work, and goes once that has given back what it held."""
        group.add_lifecycle_hook(
            "Launch",
            lifecycle_hook_name="launch",
            lifecycle_transition=autoscaling.LifecycleTransition.INSTANCE_LAUNCHING,
            heartbeat_timeout=_BOOT,
            default_result=autoscaling.DefaultResult.ABANDON,
        )
        group.add_lifecycle_hook(
            "Terminate",
            lifecycle_hook_name="terminate",
            lifecycle_transition=autoscaling.LifecycleTransition.INSTANCE_TERMINATING,
            heartbeat_timeout=_FAREWELL,
            default_result=autoscaling.DefaultResult.CONTINUE,
        )

    def _follow_the_backlog(self, group: autoscaling.AutoScalingGroup, queue: Queue) -> None:
        """Machines for what waits in the database, as sweep publishes it; sweep wakes the first one."""
        group.scale_to_track_metric(
            "Backlog",
            metric=cloudwatch.Metric(
                namespace=self.settings.metrics_namespace,
                metric_name="BacklogPerInstance",
                dimensions_map={"Queue": queue},
                statistic="Average",
                period=Duration.minutes(1),
            ),
            target_value=self.settings.workers[queue].tasks_per_instance,
        )


def log_name(settings: StageSettings, queue: str) -> str:
    """The log group of a queue's machines: known beforehand, so that an alarm's advice can name it."""
    return f"/atelier/{settings.stage}/workers/{queue}"
