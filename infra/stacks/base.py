"""What every stack has in common: its name, its region, its tags, and zones that nobody has to look up."""

from typing import Any

from aws_cdk import Environment, Fn, RemovalPolicy, Stack, Tags
from constructs import Construct

from infra.stacks.settings import StageSettings

_UNTAGGED = ["AWS::RDS::DBProxyTargetGroup"]
"""What the library would tag although CloudFormation refuses it."""


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
