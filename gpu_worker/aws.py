"""What AWS answers means."""

from botocore.exceptions import ClientError

_ABSENT = {"404", "403", "NoSuchKey", "NotFound", "AccessDenied"}
"""S3 answers 403 for an absent object to whoever may not list the bucket."""


def is_absent(error: ClientError) -> bool:
    """Whether S3 says that there is no such object."""
    return error.response.get("Error", {}).get("Code") in _ABSENT
