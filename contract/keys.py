"""Where things stand in the media bucket; whoever knows a delivery knows its URLs, nobody can guess one.

Beside them, the one object of the models bucket that people edit.
"""

import secrets
from uuid import UUID

MEDIA_PREFIX = "media/"
UPLOAD_PREFIX = "uploads/"
CONTROL_PREFIX = "control/"
PREVIEWS = f"{MEDIA_PREFIX}*/preview-*"
"""The pattern of previews' keys: all that a worker may delete."""

PROMPT_LIST = "safety/prompts.txt"
"""The words that no prompt may have, in the models bucket."""


def new_delivery() -> str:
    """A random 128-bit delivery as 32 hexadecimal digits."""
    return secrets.token_hex(16)


def delivery_prefix(delivery: str) -> str:
    """The folder that only this delivery writes to."""
    return f"{MEDIA_PREFIX}{delivery}/"


def output_key(delivery: str, *, k: int, extension: str) -> str:
    """The key of output `k`, for example `media/…/0.png`."""
    return f"{delivery_prefix(delivery)}{k}.{extension}"


def thumb_key(delivery: str, *, k: int) -> str:
    """The key of the thumbnail of output `k`."""
    return f"{delivery_prefix(delivery)}{k}.thumb.webp"


def preview_key(delivery: str, *, number: int) -> str:
    """The key of a picture of how far the delivery is; each has its own, for what is served is cached for a day."""
    return f"{delivery_prefix(delivery)}preview-{number}.webp"


def upload_key(upload_id: UUID) -> str:
    """The key of an uploaded picture; uploads are never served."""
    return f"{UPLOAD_PREFIX}{upload_id}"


def cancel_key(task_id: UUID, *, token: str) -> str:
    """A small object here tells a worker to leave the task; when it is resumed it has another token."""
    return f"{CONTROL_PREFIX}cancel/{task_id}.{token}"


def old_cancel_key(task_id: UUID) -> str:
    """Where functions put it before the key held the token; to be forgotten in the next release."""
    return f"{CONTROL_PREFIX}cancel/{task_id}"


def media_url(key: str) -> str:
    """The path under which a media key is served."""
    return f"/{key}"
