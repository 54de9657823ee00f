"""The media bucket as the API and the handlers use it: cancel markers, looking, copying and deleting."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError

from contract.keys import cancel_key

log = logging.getLogger(__name__)

_ABSENT = {"404", "NoSuchKey", "403", "AccessDenied"}
"""S3 answers 403 for an absent object to whoever may not list the bucket."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object of the bucket; `modified_at` by the storage's clock."""

    key: str
    modified_at: datetime


def mark_cancelled(s3: Any, tasks: Iterable[tuple[UUID, str]], *, bucket: str) -> None:
    """Tell whoever works on these tasks, by id and token, to leave them.

    Who is not told works in vain, so errors are only logged. That goes for workers that do not know the key yet,
    too: under the key where those look a marker would outlive its task's return.
    """
    for task_id, token in tasks:
        try:
            s3.put_object(Bucket=bucket, Key=cancel_key(task_id, token=token), Body=b"")
        except (BotoCoreError, ClientError) as error:
            log.warning("cancel marker not written", extra={"task_id": str(task_id), "error": type(error).__name__})


def put(s3: Any, *, bucket: str, key: str, data: bytes, content_type: str) -> None:
    """Store an object. Raises what S3 raises."""
    s3.put_object(Bucket=bucket, Key=key, Body=data, ContentType=content_type)


def copy(s3: Any, *, bucket: str, old: str, new: str) -> None:
    """Copy an object; one that is gone stays gone. Raises what else S3 raises."""
    try:
        s3.copy_object(Bucket=bucket, CopySource={"Bucket": bucket, "Key": old}, Key=new)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in _ABSENT:
            raise
        log.warning("nothing to copy", extra={"to": new.rpartition("/")[2]})


def list_page(s3: Any, *, bucket: str, prefix: str, after: str = "") -> list[Stored]:
    """Up to 1,000 objects under a prefix in the order of their keys, from behind the key `after`."""
    answer = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, StartAfter=after, MaxKeys=1000)
    return [Stored(key=item["Key"], modified_at=item["LastModified"]) for item in answer.get("Contents", [])]


def delete_prefix(s3: Any, *, bucket: str, prefix: str) -> None:
    """Delete every object whose key begins so. Raises what S3 raises; a repeat deletes the rest."""
    if not prefix:
        raise ValueError("an empty prefix is the whole bucket")
    while page := list_page(s3, bucket=bucket, prefix=prefix):
        delete(s3, [item.key for item in page], bucket=bucket)


def delete(s3: Any, keys: list[str], *, bucket: str) -> None:
    """Delete up to 1,000 objects; those that do not exist are no error. Raises RuntimeError when some stay."""
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True})
    if answer.get("Errors"):
        raise RuntimeError(f"{len(answer['Errors'])} objects were not deleted: {answer['Errors'][0].get('Code')}")
