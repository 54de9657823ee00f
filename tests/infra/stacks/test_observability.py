"""Alarms reach somebody and say what to do; dashboards and alarms name only metrics that something publishes."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from contract.metrics import METRICS
from infra.stacks.metrics import of_every, own
from infra.stacks.settings import QUEUES
from tests.infra.stacks.templates import ROOT, Properties, Stage, stage_settings, synthesized


@pytest.fixture(params=["small", "large", "emulated"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def alarms(stage: Stage) -> dict[str, Properties]:
    """By their names without the stage."""
    beginning = f"{stage.settings.prefix}-"
    found = stage.found("observability", "AWS::CloudWatch::Alarm").values()
    return {alarm["AlarmName"].removeprefix(beginning): alarm for alarm in found}


def left_out(stage: Stage) -> set[str]:
    """Alarms on expressions, which the emulator's CloudFormation refuses."""
    of_queues = {f"{queue}-{what}" for queue in QUEUES for what in ("no-workers", "stuck")}
    return of_queues | {"tasks-fail", "api-5xx"} if stage.settings.emulated else set()


def metrics(alarm: Properties) -> Iterator[Properties]:
    """Every metric that an alarm looks at."""
    if "MetricName" in alarm:
        yield alarm
    for query in alarm.get("Metrics", []):
        if "MetricStat" in query:
            yield query["MetricStat"]["Metric"]


def dashboards(stage: Stage) -> dict[str, list[dict[str, Any]]]:
    """The widgets by audience; what only CloudFormation knows is written as a word."""
    found: dict[str, list[dict[str, Any]]] = {}
    for dashboard in stage.found("observability", "AWS::CloudWatch::Dashboard").values():
        parts = dashboard["DashboardBody"]["Fn::Join"][1]
        body = "".join(part if isinstance(part, str) else "known-later" for part in parts)
        name = dashboard["DashboardName"].removeprefix(f"{stage.settings.prefix}-")
        found[name] = json.loads(body)["widgets"]
    return found


def drawn(widgets: list[dict[str, Any]]) -> Iterator[list[Any]]:
    """Every metric of a dashboard, as CloudWatch writes it: namespace, name, dimensions and options."""
    for widget in widgets:
        yield from (metric for metric in widget["properties"]["metrics"] if isinstance(metric[0], str))


def searched(widgets: list[dict[str, Any]]) -> set[str]:
    """The names of the metrics that a dashboard looks up for whichever models, kinds or codes there are."""
    return set(re.findall(r'MetricName=\\"(\w+)\\"', json.dumps(widgets)))


def test_everything_that_can_go_wrong_has_an_alarm(stage: Stage) -> None:
    of_queues = {f"{queue}-{what}" for queue in QUEUES for what in ("no-workers", "stuck", "worker-failed-to-start")}
    dead = {f"{queue}-dead-letters" for queue in (*QUEUES, "events")}
    others = {
        "events-old", "api-5xx", "api-slow", "database-connections", "database-disk", "sweep-silent", "advance-errors",
    }  # fmt: skip
    assert (of_queues | dead | others) - left_out(stage) <= set(alarms(stage))
    assert not left_out(stage) & set(alarms(stage))


def test_every_alarm_speaks_to_the_topic_and_says_what_to_do(stage: Stage) -> None:
    (topic,) = stage.found("observability", "AWS::SNS::Topic")
    for name, alarm in alarms(stage).items():
        assert alarm["AlarmActions"] == [{"Ref": topic}], name
        assert alarm["OKActions"] == [{"Ref": topic}], name
        sentences = alarm["AlarmDescription"].count(". ") + 1
        assert sentences >= 2 or ":" in alarm["AlarmDescription"], f"{name} says what is wrong, and what to do"
        assert len(alarm["AlarmDescription"]) <= 1024


def test_cloudwatch_and_budgets_may_speak_and_only_for_this_account(stage: Stage) -> None:
    statements = stage.one("observability", "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    (allowed,) = [s for s in statements if s["Effect"] == "Allow"]
    assert set(allowed["Principal"]["Service"]) == {"cloudwatch.amazonaws.com", "budgets.amazonaws.com"}
    assert allowed["Action"] == "sns:Publish"
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    (tls,) = [s for s in statements if s["Effect"] == "Deny"]
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_alarms_name_metrics_that_the_code_publishes(stage: Stage) -> None:
    namespace = stage.settings.metrics_namespace
    own_ones = [m for alarm in alarms(stage).values() for m in metrics(alarm) if m["Namespace"] == namespace]
    wanted = {"BootFailures"} if left_out(stage) else {"Backlog", "BootFailures"}
    assert wanted <= {metric["MetricName"] for metric in own_ones}
    for metric in own_ones:
        dimension = METRICS[metric["MetricName"]].dimension
        assert [d["Name"] for d in metric.get("Dimensions", [])] == ([dimension] if dimension else [])


def test_every_metric_that_the_code_publishes_is_looked_at(stage: Stage) -> None:
    boards = dashboards(stage)
    assert set(boards) == {"product", "inference", "api", "database"}
    shown: set[str] = set()
    for widgets in boards.values():
        shown |= searched(widgets)
        for metric in drawn(widgets):
            if metric[0] == stage.settings.metrics_namespace:
                shown.add(metric[1])
                dimension = METRICS[metric[1]].dimension
                assert [part for part in metric[2:] if isinstance(part, str)][::2] == ([dimension] if dimension else [])
    only_for_scaling = {"BacklogPerInstance", "Instances", "Slots"}
    assert shown == set(METRICS) - only_for_scaling


SEEN_BY = {
    "product": {"Images", "Texts", "Accounts", "Ratings", "Runs"},
    "inference": {
        "TaskSeconds", "TokensPerSecond", "Backlog", "ApproximateNumberOfMessagesVisible",
        "ApproximateAgeOfOldestMessage", "GpuPercent", "VramBytes", "RamBytes", "GroupInServiceInstances",
    },
    "api": {"Count", "4xx", "5xx", "Latency", "Errors", "Throttles", "ColdStarts"},
    "database": {"CPUUtilization", "DatabaseConnections", "FreeStorageSpace", "ReadLatency", "WriteLatency"},
}  # fmt: skip


@pytest.mark.parametrize("audience", SEEN_BY)
def test_each_audience_sees_what_it_asks_about(stage: Stage, audience: str) -> None:
    widgets = dashboards(stage)[audience]
    assert SEEN_BY[audience] <= {metric[1] for metric in drawn(widgets)} | searched(widgets)


def test_mean_and_p95_of_each_model_s_seconds_are_drawn(small: Stage) -> None:
    drawn_as = re.findall(r"TaskSeconds\W+'(\w+)'", json.dumps(dashboards(small)["inference"]))
    assert sorted(drawn_as) == ["Average", "p95"]


def test_what_an_alarm_s_advice_quotes_stands_in_the_code(small: Stage) -> None:
    """Messages of logs, codes of failures, fields and settings: an operator searches for them."""
    advice = " ".join(alarm["AlarmDescription"] for alarm in alarms(small).values())
    named = {*re.findall(r"`(.+?)`", advice), *re.findall(r"\b[a-z]+_[a-z_]+\b", advice)}
    assert {"task failed", "out_of_memory", "task_id", "on_demand"} <= named
    folders = (ROOT / "lambdas", ROOT / "gpu_worker", ROOT / "infra" / "stacks")
    code = "".join(path.read_text() for folder in folders for path in folder.rglob("*.py") if path.name != "alarms.py")
    assert [words for words in named if words not in code] == []


def test_no_work_without_workers_goes_unnoticed(small: Stage) -> None:
    for queue in QUEUES:
        alarm = alarms(small)[f"{queue}-no-workers"]
        groups = [d["Value"] for m in metrics(alarm) for d in m.get("Dimensions", [])]
        assert sorted(groups) == sorted([queue, small.settings.group_name(queue)])
        (math,) = [query for query in alarm["Metrics"] if "Expression" in query]
        assert math["Expression"] == "IF(FILL(backlog, 0) > 0 AND FILL(machines, 0) < 1, 1, 0)"


def test_silence_is_an_alarm_only_where_something_runs_each_minute(small: Stage) -> None:
    suspicious = {name for name, alarm in alarms(small).items() if alarm["TreatMissingData"] == "breaching"}
    assert suspicious == {"sweep-silent"}


def test_the_database_s_limits_follow_its_size(small: Stage, large: Stage) -> None:
    for stage in (small, large):
        found, wanted = alarms(stage), stage.settings.database
        assert found["database-connections"]["Threshold"] == wanted.connections
        assert found["database-disk"]["Threshold"] < wanted.storage_gib * 1024**3 / 10, "after it should have grown"


def test_an_operator_is_told_by_mail_and_of_the_spending(small: Stage, large: Stage) -> None:
    subscription = large.one("observability", "AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", large.settings.alarm_email)
    budget = large.one("observability", "AWS::Budgets::Budget")
    assert budget["Budget"]["BudgetLimit"]["Amount"] == large.settings.monthly_budget_usd
    told = {each["Notification"]["NotificationType"] for each in budget["NotificationsWithSubscribers"]}
    assert told == {"ACTUAL", "FORECASTED"}
    (topic,) = large.found("observability", "AWS::SNS::Topic")
    subscribers = [s for each in budget["NotificationsWithSubscribers"] for s in each["Subscribers"]]
    assert subscribers == [{"SubscriptionType": "SNS", "Address": {"Ref": topic}}] * 2
    assert small.found("observability", "AWS::SNS::Subscription") == {}
    assert small.found("observability", "AWS::Budgets::Budget") == {}


def test_stages_of_one_account_do_not_mix_their_metrics() -> None:
    other = synthesized("other")
    assert other.settings.metrics_namespace == "Atelier/other"
    assert "Atelier/small" not in json.dumps(other.parts["observability"])


def test_a_metric_is_asked_for_with_the_dimension_that_it_has() -> None:
    settings = stage_settings("small")
    with pytest.raises(ValueError, match="dimension"):
        own(settings, "Backlog")
    with pytest.raises(ValueError, match="dimension"):
        own(settings, "Images", of="text")
    with pytest.raises(ValueError, match="dimension"):
        of_every(settings, "Images", statistic="Sum")
