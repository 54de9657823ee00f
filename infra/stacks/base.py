"""What every stack has in common: its name, its region, its tags, and zones that nobody has to look up."""

from typing import Any

from aws_cdk import Environment, Fn, RemovalPolicy, Stack, Tags
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.stacks.settings import StageSettings

_UNTAGGED = ["AWS::RDS::DBProxyTargetGroup"]
"""What the library would tag although CloudFormation refuses it."""


_RETENTIONS = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    5: logs.RetentionDays.FIVE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    731: logs.RetentionDays.TWO_YEARS,
    1827: logs.RetentionDays.FIVE_YEARS,
    3653: logs.RetentionDays.TEN_YEARS,
}


class StageStack(Stack):
    """A stack of one stage, named `atelier-{stage}-{part}`."""

    def __init__(
        self, scope: Construct, part: str, *, settings: StageSettings, region: str | None = None, **rest: Any
    ) -> None:
        # The account stays open: the CLI fills in the caller's, and synth needs none.
        super().__init__(
            scope,
            f"{settings.prefix}-{part}",
            stack_name=f"{settings.prefix}-{part}",
            env=Environment(region=region or settings.region),
            termination_protection=settings.retain and not settings.emulated,
            **rest,
        )
        self.settings = settings
        for key, value in (("atelier:stage", settings.stage), ("atelier:part", part)):
            Tags.of(self).add(key, value, exclude_resource_types=_UNTAGGED)

    @property
    def availability_zones(self) -> list[str]:
        """The first zones of the region, whichever they are in the account that deploys."""
        return [Fn.select(number, Fn.get_azs()) for number in range(self.settings.network.zones)]

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What becomes of things that cannot be made again when the stack is deleted."""
        return RemovalPolicy.RETAIN if self.settings.retain else RemovalPolicy.DESTROY


def retention(days: int) -> logs.RetentionDays:
    """The library's name for a number of days."""
    return _RETENTIONS[days]
