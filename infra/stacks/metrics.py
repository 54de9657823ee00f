"""Metrics as alarms and dashboards name them: the stage's own, after the contract's table, and those of AWS."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from contract.metrics import METRICS
from infra.stacks.settings import StageSettings

PERIOD = Duration.minutes(5)


def own(
    settings: StageSettings, name: str, *, of: str | None = None, statistic: str = "Sum", label: str | None = None
) -> cloudwatch.Metric:
    """A metric that the stage's code publishes, of a queue, model or function where it has such a dimension."""
    dimension = METRICS[name].dimension
    if (dimension is None) != (of is None):
        raise ValueError(f"{name} has the dimension {dimension}, asked for {of}")
    return cloudwatch.Metric(
        namespace=settings.metrics_namespace,
        metric_name=name,
        dimensions_map={dimension: of} if dimension and of else None,
        statistic=statistic,
        label=label or (of or name),
        period=PERIOD,
    )


def of_every(settings: StageSettings, name: str, *, statistic: str) -> cloudwatch.MathExpression:
    """A metric of each model, kind or code of the last hours, whichever those are."""
    dimension = METRICS[name].dimension
    if dimension is None:
        raise ValueError(f"{name} has no dimension")
    search = f'{{{settings.metrics_namespace},{dimension}}} MetricName="{name}"'
    expression = f"SEARCH('{search}', '{statistic}', {int(PERIOD.to_seconds())})"
    return cloudwatch.MathExpression(expression=expression, label="", period=PERIOD)


def of_aws(
    namespace: str,
    name: str,
    dimensions: Mapping[str, str],
    *,
    statistic: str = "Sum",
    label: str | None = None,
) -> cloudwatch.Metric:
    """A metric that a service of AWS publishes by itself."""
    return cloudwatch.Metric(
        namespace=f"AWS/{namespace}",
        metric_name=name,
        dimensions_map=dict(dimensions),
        statistic=statistic,
        label=label or name,
        period=PERIOD,
    )
