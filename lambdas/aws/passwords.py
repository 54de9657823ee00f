"""Passwords for PostgreSQL: tokens that this process signs, or what Secrets Manager keeps; connecting is for others."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from lambdas.settings import DatabaseSettings

_TOKEN_SECONDS = 900
_POSTGRES_PORT = 5432

Password = Callable[[], str]
"""Asked for each new connection: tokens expire, and kept passwords are changed."""


def password_of(settings: DatabaseSettings) -> Password | None:
    """What to log in with; None where the URL says all of it."""
    return iam_token(settings.database_url, region=settings.aws_region) if settings.database_iam else None


def iam_token(url: str, *, region: str) -> Password:
    """Signs a token for the user and host of a database's URL, without asking anybody; it opens one connection.

    The signer is used alone: a client of RDS would first read the description of its hundreds of operations.
    """
    from botocore.hooks import HierarchicalEmitter  # 0.2 s that a database with a password need not pay
    from botocore.model import ServiceId
    from botocore.session import get_session
    from botocore.signers import RequestSigner

    server = urlsplit(url)
    host = f"{server.hostname}:{server.port or _POSTGRES_PORT}"
    credentials: Any = get_session().get_credentials()
    emitter = HierarchicalEmitter()
    request = {
        "method": "GET",
        "url": f"https://{host}/?Action=connect&DBUser={server.username}",
        "body": {},
        "headers": {},
        "context": {},
    }

    def password() -> str:
        # It refers to the emitter weakly: the emitter has to live as long as this function.
        signer: Any = RequestSigner(ServiceId("rds"), region, "rds-db", "v4", credentials, emitter)
        signed: str = signer.generate_presigned_url(
            request, operation_name="connect", expires_in=_TOKEN_SECONDS, region_name=region
        )
        return signed.removeprefix("https://")

    return password


def kept_password(secrets: Any, arn: str) -> Password:
    """Reads the `password` of a secret, which RDS changes by itself; `secrets` is the client of Secrets Manager."""

    def password() -> str:
        return str(json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])["password"])

    return password
