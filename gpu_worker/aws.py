"""The worker's clients of AWS, and what AWS answers means."""

from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

_ABSENT = {"404", "403", "NoSuchKey", "NotFound", "AccessDenied"}
"""S3 answers 403 for an absent object to whoever may not list the bucket."""


def is_absent(error: ClientError) -> bool:
    """Whether S3 says that there is no such object."""
    return error.response.get("Error", {}).get("Code") in _ABSENT


def client(
    service: Literal["s3", "sqs"], *, endpoint_url: str | None, region: str | None, config: Config | None = None
) -> Any:
    """A client whose credentials come from boto3's usual chain; `endpoint_url` is another S3 or SQS than AWS."""
    make: Any = boto3.client  # its stubs know no service by a plain string
    return make(service, endpoint_url=endpoint_url, region_name=region, config=config)
