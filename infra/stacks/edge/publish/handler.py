"""The custom resource that puts the built page into the site's bucket; it knows nothing but S3.

Files with a hash in their name come first and index.html, which names them, last; what older pages name stays, so
that a page which is open goes on working.
"""

import io
import json
import logging
import mimetypes
import urllib.request
import zipfile
from typing import Any

import boto3

log = logging.getLogger(__name__)
_HASHED = "assets/"
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"
_TYPES = {
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""What the machine's own list may know otherwise or not at all."""


def handler(event: dict[str, Any], _context: object) -> None:
    """Publish on creation and change; a deletion leaves the files to the bucket's fate."""
    status, reason = "SUCCESS", ""
    try:
        if event["RequestType"] != "Delete":
            wanted = event["ResourceProperties"]
            publish(boto3.client("s3"), source=wanted["Source"], bucket=wanted["Bucket"])
    except Exception as error:
        log.exception("page not published")
        status, reason = "FAILED", f"the page was not published: {error}"
    _answer(event, status=status, reason=reason)


def publish(s3: Any, *, source: dict[str, str], bucket: str) -> list[str]:
    """Unpack the zip at `source` (Bucket, Key) into the bucket; gives back the keys in the order of their writing."""
    content = s3.get_object(Bucket=source["Bucket"], Key=source["Key"])["Body"].read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = sorted((name for name in archive.namelist() if not name.endswith("/")), key=_order)
        for name in names:
            s3.put_object(
                Bucket=bucket,
                Key=name,
                Body=archive.read(name),
                ContentType=_content_type(name),
                CacheControl=_FOR_EVER if name.startswith(_HASHED) else _ASK_EACH_TIME,
            )
    return names


def _order(name: str) -> tuple[bool, bool, str]:
    return (name == "index.html", not name.startswith(_HASHED), name)


def _content_type(name: str) -> str:
    suffix = name[name.rfind(".") :]
    kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _answer(event: dict[str, Any], *, status: str, reason: str) -> None:
    """Tell CloudFormation, at the address that it gave."""
    body = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": "page",
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    request = urllib.request.Request(event["ResponseURL"], data=json.dumps(body).encode(), method="PUT")  # noqa: S310
    request.add_header("Content-Type", "")
    with urllib.request.urlopen(request, timeout=20):  # noqa: S310 - CloudFormation gave the address
        pass
