"""The auto scaling groups of workers: how large they are, and waking one that sleeps."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Size:
    """How many machines a group is meant to have, and may have."""

    desired: int
    largest: int


def sizes(autoscaling: Any, names: Collection[str]) -> dict[str, Size]:
    """The sizes of these groups; those that do not exist are absent, and all are when AWS does not answer."""
    if not names:
        return {}
    try:
        found = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=list(names))["AutoScalingGroups"]
    except (BotoCoreError, ClientError) as error:
        log.warning("groups do not answer", extra={"error": type(error).__name__})
        return {}
    return {
        group["AutoScalingGroupName"]: Size(desired=group["DesiredCapacity"], largest=group["MaxSize"])
        for group in found
    }


def wake(autoscaling: Any, name: str) -> None:
    """Have one machine started; who fails is tried again in a minute."""
    try:
        autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=1, HonorCooldown=False)
    except (BotoCoreError, ClientError) as error:
        log.warning("group not woken", extra={"group": name, "error": type(error).__name__})
    else:
        log.info("group woken", extra={"group": name})
