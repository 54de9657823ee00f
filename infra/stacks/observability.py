"""Dashboards, alarms, and the one topic that all of them speak through."""

from typing import Any

from aws_cdk import CfnOutput
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.stacks.alarms import Watch, Watches
from infra.stacks.api import Api
from infra.stacks.base import StageStack
from infra.stacks.dashboards import Dashboards
from infra.stacks.data import Data
from infra.stacks.queues import Queues
from infra.stacks.settings import StageSettings


class Observability(StageStack):
    """`topic`, and everything that speaks to it."""

    def __init__(
        self, scope: Construct, part: str, *, settings: StageSettings, data: Data, queues: Queues, api: Api, **rest: Any
    ) -> None:
        super().__init__(scope, part, settings=settings, **rest)
        self.topic = self._topic()
        for watch in Watches(settings, data, queues, api).all():
            # The emulator's CloudFormation knows no alarms on expressions.
            if not (settings.emulated and isinstance(watch.metric, cloudwatch.MathExpression)):
                self._alarm(watch)
        for name, rows in Dashboards(settings, data, queues, api).all().items():
            cloudwatch.Dashboard(
                self,
                f"{name.capitalize()}Dashboard",
                dashboard_name=f"{settings.prefix}-{name}",
                widgets=[list(row) for row in rows],
            )
        if settings.monthly_budget_usd:
            self._budget(settings.monthly_budget_usd)
        CfnOutput(self, "Topic", value=self.topic.topic_arn, description="Where alarms go: subscribe to it")

    def _topic(self) -> sns.Topic:
        topic = sns.Topic(self, "Alarms", display_name=f"Atelier {self.settings.stage}", enforce_ssl=True)
        # A policy of one's own replaces the one that lets this account's services in.
        own = {"StringEquals": {"aws:SourceAccount": self.account}}
        for service in ("cloudwatch.amazonaws.com", "budgets.amazonaws.com"):
            topic.add_to_resource_policy(
                iam.PolicyStatement(
                    actions=["sns:Publish"],
                    resources=[topic.topic_arn],
                    principals=[iam.ServicePrincipal(service)],
                    conditions=own,
                )
            )
        if self.settings.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(self.settings.alarm_email))
        return topic

    def _alarm(self, watch: Watch) -> None:
        alarm = cloudwatch.Alarm(
            self,
            "".join(word.capitalize() for word in watch.name.split("-")),
            alarm_name=f"{self.settings.prefix}-{watch.name}",
            alarm_description=watch.advice,
            metric=_without_label(watch.metric),
            threshold=watch.threshold,
            evaluation_periods=watch.periods,
            comparison_operator=watch.compare,
            treat_missing_data=watch.missing,
        )
        action = actions.SnsAction(self.topic)
        alarm.add_alarm_action(action)
        alarm.add_ok_action(action)

    def _budget(self, dollars: int) -> None:
        """Of the whole account: costs by tag are only known to whoever has switched them on."""
        subscriber = budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=self.topic.topic_arn)

        def told_at(percent: int, kind: str) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
            return budgets.CfnBudget.NotificationWithSubscribersProperty(
                notification=budgets.CfnBudget.NotificationProperty(
                    notification_type=kind,
                    comparison_operator="GREATER_THAN",
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                ),
                subscribers=[subscriber],
            )

        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=self.settings.prefix,
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=dollars, unit="USD"),
            ),
            notifications_with_subscribers=[told_at(80, "ACTUAL"), told_at(100, "FORECASTED")],
        ).node.add_dependency(self.topic)


def _without_label(metric: cloudwatch.IMetric) -> cloudwatch.IMetric:
    """A label, which only dashboards show, would make an alarm on one metric into one on an expression."""
    if not isinstance(metric, cloudwatch.Metric):
        return metric
    return cloudwatch.Metric(
        namespace=metric.namespace,
        metric_name=metric.metric_name,
        dimensions_map=metric.dimensions,
        statistic=metric.statistic,
        period=metric.period,
    )
