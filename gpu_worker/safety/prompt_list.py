"""Brings the list of refused words from the models bucket, where an operator edits it; `prompts` reads the copy."""

import logging
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from gpu_worker.aws import is_absent

log = logging.getLogger(__name__)

_NOT_MODIFIED = 304


class PromptList:
    """One object of a bucket, and the copy of it on this machine; for one thread at a time."""

    def __init__(self, s3: Any, *, bucket: str, key: str, copy: Path) -> None:
        """`copy` is the file to keep; one that an earlier process left is the last good list until S3 answers."""
        self._s3 = s3
        self._bucket = bucket
        self._key = key
        self._copy = copy
        self._etag = ""

    def refresh(self) -> None:
        """Have the copy be what the bucket has, which is asked for only if it has changed.

        While S3 does not answer the copy stays. Where it says that there is no list there is no copy either: then
        nothing passes, on this machine as on those that start now.
        """
        known = {"IfNoneMatch": self._etag} if self._etag and self._copy.exists() else {}
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=self._key, **known)
            content = answer["Body"].read()
        except ClientError as error:
            self._refused(error)
        except BotoCoreError as error:
            self._warn("list of refused words not looked at", type(error).__name__)
        else:
            self._keep(content)
            self._etag = answer["ETag"]

    def _refused(self, error: ClientError) -> None:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == _NOT_MODIFIED:
            return
        code = str(error.response.get("Error", {}).get("Code"))
        if not is_absent(error):
            self._warn("list of refused words not looked at", code)
            return
        self._copy.unlink(missing_ok=True)
        self._warn("no list of refused words in the bucket, and no prompt passes", code)

    def _keep(self, content: bytes) -> None:
        scratch = self._copy.with_name(f".{self._copy.name}.part")
        scratch.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_bytes(content)
        scratch.replace(self._copy)
        log.info("list of refused words taken over", extra={"bytes": len(content)})
        try:
            content.decode()
        except UnicodeDecodeError as error:
            self._warn("list of refused words is not UTF-8, and no prompt passes", type(error).__name__)

    def _warn(self, message: str, error: str) -> None:
        log.warning(message, extra={"object": f"s3://{self._bucket}/{self._key}", "error": error})
