"""The media bucket as a worker needs it: read a picture, write outputs, look for an object."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from contract.keys import cancel_key, old_cancel_key
from gpu_worker.aws import is_absent
from gpu_worker.failures import TaskFailure
from gpu_worker.queue.in_flight import Receipt

_MAX_PICTURE_BYTES = 64 * 1024 * 1024


class MediaBucket:
    """One bucket; its methods may be called from any thread."""

    def __init__(self, s3: Any, *, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def read_picture(self, key: str) -> bytes:
        """A whole object; raises TaskFailure when it is gone or larger than any picture that we make."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if is_absent(error):
                raise TaskFailure("picture_missing", "The picture to start from does not exist any more.") from None
            raise
        if answer["ContentLength"] > _MAX_PICTURE_BYTES:
            raise TaskFailure("bad_picture", "The picture to start from is too large.")
        return answer["Body"].read()

    def write(self, key: str, data: bytes, *, content_type: str) -> None:
        """Store an object with the headers that it is served with."""
        self._s3.put_object(
            Bucket=self._bucket, Key=key, Body=data, ContentType=content_type, CacheControl="max-age=86400"
        )

    def delete(self, keys: Sequence[str]) -> None:
        """Delete up to 1,000 objects; those that do not exist are no error. Raises RuntimeError when some stay."""
        objects = [{"Key": key} for key in keys]
        answer = self._s3.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
        if errors := answer.get("Errors"):
            raise RuntimeError(f"{len(errors)} objects were not deleted: {errors[0].get('Code')}")

    def is_cancelled(self, receipt: Receipt) -> bool:
        """Whether nobody wants what this receipt's task makes any more."""
        keys = (cancel_key(receipt.task, token=receipt.token), old_cancel_key(receipt.task))
        return any(map(self.exists, keys))

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        try:
            self._s3.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if is_absent(error):
                return False
            raise
        return True
