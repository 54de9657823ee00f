"""What the table of costs takes for granted about a stage is what the templates hold."""

from contract.kinds import Kind
from contract.metrics import METRICS
from infra.costs import SIZES
from infra.prices import PRICES, STANDING
from infra.stacks.dashboards import FUNCTIONS
from infra.stacks.settings import QUEUES, Workers
from tests.infra.stacks.templates import Stage


def _stands(name: str) -> float:
    return STANDING[name].value


def test_machines_have_the_disk_that_is_paid_for() -> None:
    assert Workers().disk_gib == _stands("disk_gb")


def test_the_database_is_of_the_size_that_is_paid_for(small: Stage) -> None:
    made = small.one("data", "AWS::RDS::DBInstance")
    assert int(made["AllocatedStorage"]) == _stands("db_gb")
    assert made["DBInstanceClass"] == SIZES[0].database
    assert {size.database for size in SIZES} <= set(PRICES)


def test_functions_have_the_memory_that_is_paid_for(small: Stage) -> None:
    memory = {f["FunctionName"]: f["MemorySize"] / 1024 for f in small.found("api", "AWS::Lambda::Function").values()}
    assert round(memory["atelier-small-api"], 2) == _stands("api_gb")
    assert memory["atelier-small-advance"] == memory["atelier-small-sweep"] == _stands("handler_gb")


def test_deleted_media_are_paid_for_as_long_as_they_are_kept(small: Stage) -> None:
    assert small.settings.media.old_version_days == 30 * _stands("undo")


def test_secrets_alarms_dashboards_and_metrics_are_as_many_as_are_paid_for(small: Stage) -> None:
    secrets = len(small.found("api", "AWS::SecretsManager::Secret"))
    assert secrets + 1 == _stands("secrets"), "and the one that RDS keeps"
    alarms = len(small.found("observability", "AWS::CloudWatch::Alarm"))
    assert alarms + 2 * len(small.found("gpu", "AWS::AutoScaling::ScalingPolicy")) == _stands("alarms")
    assert len(small.found("observability", "AWS::CloudWatch::Dashboard")) == _stands("dashboards")
    of_each = {None: 1, "Function": len(FUNCTIONS), "Queue": len(QUEUES), "Model": 9, "Kind": len(Kind), "Code": 6}
    assert sum(of_each[metric.dimension] for metric in METRICS.values()) <= _stands("metrics")


def test_the_largest_size_pays_for_what_the_large_stage_has_on_top(large: Stage) -> None:
    endpoints = large.found("network", "AWS::EC2::VPCEndpoint").values()
    inside = [each for each in endpoints if each["VpcEndpointType"] == "Interface"]
    assert sum(len(each["SubnetIds"]) for each in inside) == _stands("endpoints")
    rules = large.one("firewall", "AWS::WAFv2::WebACL")["Rules"]
    assert PRICES["firewall"].value == 5 + len(rules), "$5 for the list, $1 for each rule"
    on_demand = sum(workers.on_demand for workers in large.settings.workers.values())
    assert [(size.is_large, size.on_demand) for size in SIZES if size.is_large] == [(True, on_demand)]
    assert large.settings.database.multi_az
    assert large.settings.database.proxy
