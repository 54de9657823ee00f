"""The functions are told what they read, may do what they need, and are woken; the API is throttled, logged, guarded."""

import importlib
import json
from typing import Any

import pytest

from tests.infra.stacks.templates import Properties, Stage

FUNCTIONS = ("api", "advance", "sweep", "migrate")


@pytest.fixture(params=["small", "large", "emulated"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def function(stage: Stage, name: str) -> Properties:
    wanted = f"{stage.settings.prefix}-{name}"
    (found,) = [each for each in stage.found("api", "AWS::Lambda::Function").values() if each["FunctionName"] == wanted]
    return found


def environment(stage: Stage, name: str) -> dict[str, Any]:
    return dict(function(stage, name)["Environment"]["Variables"])


def statements(stage: Stage, name: str) -> list[dict[str, Any]]:
    policy = stage.one("api", "AWS::IAM::Policy", f"{name.capitalize()}RoleDefaultPolicy")
    return list(policy["PolicyDocument"]["Statement"])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_settings_class_reads_what_the_stack_sets(
    stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = importlib.import_module(f"lambdas.{name}.settings").Settings
    told = {key: value for key, value in environment(stage, name).items() if key.startswith("ATELIER_")}
    fields = {f"ATELIER_{field.upper()}" for field in settings.model_fields}
    required = {f"ATELIER_{key.upper()}" for key, field in settings.model_fields.items() if field.is_required()}
    assert set(told) <= fields, "nothing is set that nobody reads"
    assert required <= set(told)
    for key, value in told.items():
        # What CloudFormation fills in is a text of some length.
        monkeypatch.setenv(key, value if isinstance(value, str) else f"filled in: {json.dumps(value)}")
    settings()


_SET_FOR_ONE_MACHINE_ONLY = {
    "ATELIER_AWS_ENDPOINT_URL",  # AWS is where AWS answers
    "ATELIER_PASSWORD_HASHINGS",  # a Lambda answers one request at a time
    "ATELIER_DATABASE_IAM",  # migrate logs in as the owner
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_setting_that_a_function_reads_can_be_reached_by_who_deploys_it(large: Stage, name: str) -> None:
    settings = importlib.import_module(f"lambdas.{name}.settings").Settings
    fields = {f"ATELIER_{field.upper()}" for field in settings.model_fields}
    assert fields - set(environment(large, name)) <= _SET_FOR_ONE_MACHINE_ONLY


@pytest.mark.parametrize("name", ["api", "advance", "sweep"])
def test_functions_log_in_with_tokens_as_a_user_who_owns_nothing(small: Stage, large: Stage, name: str) -> None:
    for stage in (small, large):
        told = environment(stage, name)
        assert told["ATELIER_DATABASE_IAM"] == "true"
        assert "postgresql://atelier_app@" in json.dumps(told["ATELIER_DATABASE_URL"])
        assert "sslmode=require" in json.dumps(told["ATELIER_DATABASE_URL"])
        (grant,) = [each for each in statements(stage, name) if each["Action"] == "rds-db:connect"]
        assert "/atelier_app" in json.dumps(grant["Resource"])
        assert "*" not in json.dumps(grant["Resource"])


def test_only_migrate_reads_the_owner_s_password(stage: Stage) -> None:
    readers = {name for name in FUNCTIONS if "secretsmanager:GetSecretValue" in json.dumps(statements(stage, name))}
    assert readers == (set() if stage.settings.emulated else {"migrate"})


def test_the_large_stage_connects_through_the_proxy_and_migrates_past_it(large: Stage) -> None:
    assert "Proxy" in json.dumps(environment(large, "api")["ATELIER_DATABASE_URL"])
    assert "Proxy" not in json.dumps(environment(large, "migrate")["ATELIER_DATABASE_URL"])


def test_functions_hold_fewer_connections_than_the_database_allows(stage: Stage) -> None:
    """One each: what the throttle lets in within a second, the batches of events, sweep, and migrate."""
    throttle = stage.one("api", "AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"]
    within_a_second = throttle["ThrottlingBurstLimit"] + throttle["ThrottlingRateLimit"]
    requests = function(stage, "api").get("ReservedConcurrentExecutions", within_a_second)
    batches = stage.one("api", "AWS::Lambda::EventSourceMapping")["ScalingConfig"]["MaximumConcurrency"]
    assert environment(stage, "api")["ATELIER_POOL_SIZE"] == "1"
    allowed = int(stage.one("data", "AWS::RDS::DBParameterGroup")["Parameters"]["max_connections"])
    assert requests + batches + 2 <= allowed * 0.9, "and some are left for people"


def test_a_large_stage_reserves_its_concurrency_and_a_small_one_does_not(small: Stage, large: Stage) -> None:
    assert "ReservedConcurrentExecutions" not in function(small, "api"), "new accounts refuse it"
    assert function(large, "api")["ReservedConcurrentExecutions"] == 500


def test_one_event_that_fails_does_not_bring_back_the_others_of_its_batch(stage: Stage) -> None:
    mapping = stage.one("api", "AWS::Lambda::EventSourceMapping")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_no_function_may_do_everything_or_anything_anywhere(stage: Stage) -> None:
    describing = {"autoscaling:DescribeAutoScalingGroups"}
    for name in FUNCTIONS:
        for statement in statements(stage, name):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not any("*" in action for action in actions)
            if statement["Resource"] == "*":
                assert {action for action in actions if not action.startswith("ec2:")} <= describing
        assert "ManagedPolicyArns" not in stage.one("api", "AWS::IAM::Role", f"{name.capitalize()}Role")


def test_the_functions_own_code_cannot_touch_network_interfaces(small: Stage) -> None:
    for name in FUNCTIONS:
        (denied,) = [each for each in statements(small, name) if each["Effect"] == "Deny"]
        (granted,) = [
            each
            for each in statements(small, name)
            if "ec2:CreateNetworkInterface" in each["Action"] and each["Effect"] == "Allow"
        ]
        assert set(denied["Action"]) == {action for action in granted["Action"] if action.startswith("ec2:")}
        assert f"function:atelier-small-{name}" in json.dumps(
            denied["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]
        )


def test_the_others_wait_for_the_migrations(stage: Stage) -> None:
    resources = stage.parts["api"]["Resources"]
    (migrated,) = [name for name, each in resources.items() if each["Type"] == "Custom::Migrated"]
    for name in ("Api", "Advance", "Sweep"):
        (made,) = [
            each for key, each in resources.items() if each["Type"] == "AWS::Lambda::Function" and key.startswith(name)
        ]
        assert migrated in made["DependsOn"]
    asked = resources[migrated]["Properties"]["Migrations"]
    assert asked == environment(stage, "migrate")["ATELIER_MIGRATIONS"]
    timeout = int(resources[migrated]["Properties"]["ServiceTimeout"])
    assert timeout > function(stage, "migrate")["Timeout"], "the function answers before CloudFormation gives up"


def test_sweep_runs_each_minute_and_knows_its_groups(small: Stage) -> None:
    rule = small.one("api", "AWS::Events::Rule")
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
    told = environment(small, "sweep")
    assert (told["ATELIER_TEXT_GROUP"], told["ATELIER_IMAGE_GROUP"]) == ("atelier-small-text", "atelier-small-image")
    assert told["ATELIER_METRICS_NAMESPACE"] == "Atelier/small"
    (grant,) = [each for each in statements(small, "sweep") if each["Action"] == "autoscaling:SetDesiredCapacity"]
    names = [json.dumps(resource).rpartition("/")[2].rstrip('"]}') for resource in grant["Resource"]]
    assert sorted(names) == ["atelier-small-image", "atelier-small-text"]


def test_unpublished_runs_go_where_an_operator_says_so(small: Stage, large: Stage) -> None:
    assert "ATELIER_UNPUBLISHED_DAYS" not in environment(small, "sweep")
    assert environment(large, "sweep")["ATELIER_UNPUBLISHED_DAYS"] == "90"


def test_requests_are_throttled_and_logged_without_addresses(stage: Stage) -> None:
    made = stage.one("api", "AWS::ApiGatewayV2::Stage")
    throttle = made["DefaultRouteSettings"]
    wanted = stage.settings.api
    assert (throttle["ThrottlingRateLimit"], throttle["ThrottlingBurstLimit"]) == (
        wanted.requests_per_second,
        wanted.burst,
    )
    line = made["AccessLogSettings"]["Format"]
    assert "$context.status" in line
    assert "sourceIp" not in line
    assert made["AccessLogSettings"]["DestinationArn"]


def test_the_api_s_own_address_is_guarded_or_closed(small: Stage, large: Stage) -> None:
    for stage in (small, large):
        assert "secretsmanager" in json.dumps(environment(stage, "api")["ATELIER_ORIGIN_SECRET"])
        assert stage.found("api", "AWS::SecretsManager::Secret")
    assert not small.one("api", "AWS::ApiGatewayV2::Api").get("DisableExecuteApiEndpoint", False)
    assert large.one("api", "AWS::ApiGatewayV2::Api")["DisableExecuteApiEndpoint"] is True
    name = large.one("api", "AWS::ApiGatewayV2::DomainName")
    assert name["DomainName"] == "api.atelier.example.com"
    assert name["DomainNameConfigurations"][0]["SecurityPolicy"] == "TLS_1_2"
    assert large.one("api", "AWS::CertificateManager::Certificate")["ValidationMethod"] == "DNS"


def test_secrets_never_stand_in_a_template(stage: Stage) -> None:
    for template in stage.parts.values():
        for name, secret in template.get("Resources", {}).items():
            if secret["Type"] == "AWS::SecretsManager::Secret":
                assert "SecretString" not in secret["Properties"], name


def test_functions_log_json_for_a_time(small: Stage, large: Stage) -> None:
    for stage, days in ((small, 30), (large, 90)):
        for name in FUNCTIONS:
            assert function(stage, name)["LoggingConfig"]["LogFormat"] == "JSON"
        logs = stage.found("api", "AWS::Logs::LogGroup")
        assert len(logs) == len(FUNCTIONS) + 1
        assert {log["RetentionInDays"] for log in logs.values()} == {days}


def test_functions_run_on_arm_with_the_python_of_their_bytecode(small: Stage) -> None:
    for name in FUNCTIONS:
        made = function(small, name)
        assert (made["Architectures"], made["Runtime"]) == (["arm64"], "python3.13")


def test_functions_find_their_way_out(small: Stage, large: Stage) -> None:
    assert environment(small, "api")["AWS_USE_DUALSTACK_ENDPOINT"] == "true"
    assert function(small, "api")["VpcConfig"]["Ipv6AllowedForDualStack"] is True
    assert "AWS_USE_DUALSTACK_ENDPOINT" not in environment(large, "api"), "endpoints answer to the usual names"
