"""The web firewall, in the only region that CloudFront takes one from; made where the setting asks for it."""

from typing import Any

from aws_cdk import CrossStackReferences, ReferenceStrength
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra.stacks.base import StageStack
from infra.stacks.certificate import REGION
from infra.stacks.settings import StageSettings

_REQUESTS_IN_FIVE_MINUTES = 3_000
"""From one address; a page with its pictures takes some sixty."""
_RULE_SETS = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")
"""Not the common rules: they refuse bodies that speak of code, and prompts do."""


class Firewall(StageStack):
    """`acl` refuses known attackers and whoever calls too often."""

    def __init__(self, scope: Construct, part: str, *, settings: StageSettings, **rest: Any) -> None:
        super().__init__(scope, part, settings=settings, region=REGION, **rest)
        self.acl = waf.CfnWebACL(
            self,
            "Acl",
            name=settings.prefix,
            scope="CLOUDFRONT",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            rules=[self._rate(), *(self._managed(name, place + 1) for place, name in enumerate(_RULE_SETS))],
            visibility_config=self._seen_as("all"),
        )
        if settings.region != REGION:
            CrossStackReferences.of(self.acl).produce(ReferenceStrength.WEAK)

    def _rate(self) -> waf.CfnWebACL.RuleProperty:
        limit = waf.CfnWebACL.RateBasedStatementProperty(aggregate_key_type="IP", limit=_REQUESTS_IN_FIVE_MINUTES)
        return waf.CfnWebACL.RuleProperty(
            name="rate",
            priority=0,
            action=waf.CfnWebACL.RuleActionProperty(block={}),
            statement=waf.CfnWebACL.StatementProperty(rate_based_statement=limit),
            visibility_config=self._seen_as("rate"),
        )

    def _managed(self, name: str, priority: int) -> waf.CfnWebACL.RuleProperty:
        rules = waf.CfnWebACL.ManagedRuleGroupStatementProperty(vendor_name="AWS", name=name)
        return waf.CfnWebACL.RuleProperty(
            name=name,
            priority=priority,
            override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
            statement=waf.CfnWebACL.StatementProperty(managed_rule_group_statement=rules),
            visibility_config=self._seen_as(name),
        )

    def _seen_as(self, name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
        return waf.CfnWebACL.VisibilityConfigProperty(
            cloud_watch_metrics_enabled=True,
            metric_name=f"{self.settings.prefix}-{name}",
            sampled_requests_enabled=True,
        )


def firewall_of(scope: Construct, settings: StageSettings) -> str | None:
    """The ARN of the stage's firewall; None where it has none."""
    return Firewall(scope, "firewall", settings=settings).acl.attr_arn if settings.waf else None
