"""What cannot be made again is encrypted, backed up, private, and outlives its stack."""

import json

import pytest

from tests.infra.stacks.templates import Stage, synthesized

BUCKETS = ("Media", "Models", "Site", "Logs")


@pytest.fixture(params=["small", "large"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def test_the_database_is_safe(stage: Stage) -> None:
    database = stage.one("data", "AWS::RDS::DBInstance")
    expected = {
        "StorageEncrypted": True,
        "PubliclyAccessible": False,
        "EnableIAMDatabaseAuthentication": True,
        "ManageMasterUserPassword": True,
        "DeletionProtection": True,
        "BackupRetentionPeriod": 14,
        "DeleteAutomatedBackups": False,
        "CopyTagsToSnapshot": True,
    }
    assert {name: database[name] for name in expected} == expected
    assert (database["Engine"], database["EngineVersion"]) == ("postgres", "18")
    assert "MasterUserPassword" not in database
    assert database["DBInstanceClass"].startswith("db.t4g.")
    parameters = stage.one("data", "AWS::RDS::DBParameterGroup")
    assert parameters["Parameters"]["rds.force_ssl"] == "1"
    assert parameters["Parameters"]["max_connections"] == str(stage.settings.database.max_connections)
    assert "EnableCloudwatchLogsExports" not in database, "its log would be kept for ever"


def test_the_large_stage_survives_a_zone_and_shares_connections(small: Stage, large: Stage) -> None:
    assert not small.one("data", "AWS::RDS::DBInstance")["MultiAZ"]
    assert not small.found("data", "AWS::RDS::DBProxy")
    assert large.one("data", "AWS::RDS::DBInstance")["MultiAZ"]
    proxy = large.one("data", "AWS::RDS::DBProxy")
    assert (proxy["DefaultAuthScheme"], proxy["RequireTLS"]) == ("IAM_AUTH", True)
    (grant,) = large.one("data", "AWS::IAM::Policy", "ProxyRole")["PolicyDocument"]["Statement"]
    assert grant["Action"] == "rds-db:connect"
    assert "DbiResourceId" in json.dumps(grant["Resource"]), "the instance's own, not the proxy's"
    assert "/atelier_app" in json.dumps(grant["Resource"])


def test_nobody_reads_a_bucket_who_is_not_let_in(stage: Stage) -> None:
    buckets = stage.found("data", "AWS::S3::Bucket")
    assert {name.rstrip("0123456789ABCDEF") for name in buckets} >= set(BUCKETS)
    for bucket in buckets.values():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        assert bucket["BucketEncryption"]
    for policy in stage.found("data", "AWS::S3::BucketPolicy").values():
        denied = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in [each["Condition"] for each in denied]
        assert all(each["Action"] == "s3:*" and each["Principal"] == {"AWS": "*"} for each in denied)
    assert len(stage.found("data", "AWS::S3::BucketPolicy")) == len(buckets)


def test_what_people_made_can_be_brought_back_for_a_time(stage: Stage) -> None:
    media = stage.one("data", "AWS::S3::Bucket", "Media")
    assert media["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = {rule["Id"]: rule for rule in media["LifecycleConfiguration"]["Rules"]}
    assert rules["old-versions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rules["old-versions"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert "Prefix" not in rules["old-versions"]
    assert rules["uploads"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert (rules["uploads"]["Prefix"], rules["uploads"]["ExpirationInDays"]) == ("uploads/", 2)
    assert not any(rule.get("Prefix", "media/") == "media/" and "ExpirationInDays" in rule for rule in rules.values())


def test_what_cannot_be_made_again_outlives_the_stack(stage: Stage) -> None:
    resources = stage.parts["data"]["Resources"]
    kept = [each for each in resources.values() if each["Type"] in {"AWS::RDS::DBInstance", "AWS::S3::Bucket"}]
    assert len(kept) >= 5
    assert {(each["DeletionPolicy"], each["UpdateReplacePolicy"]) for each in kept} == {("Retain", "Retain")}


def test_a_stage_that_is_made_to_be_thrown_away_goes_whole(emulated: Stage) -> None:
    database = emulated.one("data", "AWS::RDS::DBInstance")
    assert not database["DeletionProtection"]
    resources = emulated.parts["data"]["Resources"].values()
    kept = [each for each in resources if each["Type"] == "AWS::S3::Bucket"]
    assert {each["DeletionPolicy"] for each in kept} == {"Delete"}


def test_uploads_that_live_longer_are_kept_longer() -> None:
    stage = synthesized("small", media={"upload_hours": 100})
    rules = stage.one("data", "AWS::S3::Bucket", "Media")["LifecycleConfiguration"]["Rules"]
    (rule,) = [rule for rule in rules if rule["Id"] == "uploads"]
    assert rule["ExpirationInDays"] == 6
    (environment,) = [
        each["Environment"]["Variables"]
        for name, each in stage.found("api", "AWS::Lambda::Function").items()
        if name.startswith("Api")
    ]
    assert environment["ATELIER_UPLOAD_HOURS"] == "100"
