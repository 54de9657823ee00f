"""What PostgreSQL is given as a password: a token like the one AWS' own client signs, or a secret as it stands now."""

import json
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import boto3
import pytest

from lambdas.aws.passwords import iam_token, kept_password
from tests.services.ministack import aws

URL = "postgresql://atelier_app@db.example.internal:5433/atelier?sslmode=require"


def test_the_token_is_the_one_that_aws_client_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a session/token+")
    rds = boto3.session.Session().client("rds", region_name="eu-central-1")
    sign = iam_token(URL, region="eu-central-1")
    for _ in range(20):
        own = sign()
        theirs = rds.generate_db_auth_token(
            DBHostname="db.example.internal", Port=5433, DBUsername="atelier_app", Region="eu-central-1"
        )
        if date_of(own) == date_of(theirs):
            break
    assert own == theirs


def date_of(token: str) -> list[str]:
    return parse_qs(urlsplit(f"//{token}").query)["X-Amz-Date"]


def test_the_port_of_postgresql_is_meant_where_none_stands() -> None:
    token = iam_token("postgresql://atelier_app@db.example.internal/atelier", region="eu-central-1")()
    assert token.startswith("db.example.internal:5432/?Action=connect&DBUser=atelier_app&")


def test_a_kept_password_is_read_each_time(ministack: str) -> None:
    secrets = aws("secretsmanager", ministack)
    arn = secrets.create_secret(Name=uuid4().hex, SecretString=json.dumps({"password": "first"}))["ARN"]
    read = kept_password(secrets, arn)
    assert read() == "first"
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({"password": "second"}))
    assert read() == "second"
