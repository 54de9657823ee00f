"""Deletes what nobody can want any more: media that lost or is discarded, and rows that have expired."""

import logging
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from psycopg import Connection

from contract.keys import CONTROL_PREFIX, MEDIA_PREFIX, delivery_prefix
from lambdas.actions.leases import LIMIT
from lambdas.aws import media
from lambdas.store import assets, deliveries, guests, idempotency, stats, unpublished, upkeep, uploads, workers

log = logging.getLogger(__name__)

_WORKERS_KEPT = timedelta(minutes=10)
_MARKERS_KEPT = timedelta(hours=1)
_STRAYS_KEPT = timedelta(days=1)
"""Longer than any worker writes to one delivery."""


def tidy(conn: Connection[Any], s3: Any, *, bucket: str, unpublished_days: int | None = None) -> None:
    """Count what was made, and delete up to a pass's worth of everything.

    What S3 refuses is logged and tried again by the next pass.
    """
    now = upkeep.now(conn)
    stats.tally(conn)
    uploads.expire(conn, limit=LIMIT)
    upkeep.expire_sessions(conn, limit=LIMIT)
    idempotency.expire(conn, limit=LIMIT)
    guests.forget(conn)
    workers.forget_silent(conn, before=now - _WORKERS_KEPT)
    deliveries.forget_winners(conn, before=now - deliveries.GRACE)
    if unpublished_days is not None:
        unpublished.forget(conn, before=now - timedelta(days=unpublished_days), limit=LIMIT)
    try:
        _delete_lost(conn, s3, bucket=bucket, before=now - deliveries.GRACE)
        _delete_discarded(conn, s3, bucket=bucket)
        _delete_strays(conn, s3, bucket=bucket)
        _delete_markers(s3, bucket=bucket)
    except (BotoCoreError, ClientError, RuntimeError) as error:
        log.warning("media not deleted", extra={"error": type(error).__name__})


def _delete_lost(conn: Connection[Any], s3: Any, *, bucket: str, before: datetime) -> None:
    lost = deliveries.lost(conn, before=before, limit=LIMIT)
    for delivery in lost:
        media.delete_prefix(s3, bucket=bucket, prefix=delivery_prefix(delivery))
    if lost:
        deliveries.forget(conn, ids=lost)


def _delete_discarded(conn: Connection[Any], s3: Any, *, bucket: str) -> None:
    prefixes = deliveries.discarded(conn, limit=LIMIT)
    for prefix in prefixes:
        media.delete_prefix(s3, bucket=bucket, prefix=prefix)
    if prefixes:
        deliveries.forget_discarded(conn, prefixes=prefixes)


def _delete_strays(conn: Connection[Any], s3: Any, *, bucket: str) -> None:
    """Look at one random stretch of the media: deliveries that no event ever named leave objects that nobody links."""
    start = f"{MEDIA_PREFIX}{secrets.token_hex(2)}"
    page = media.list_page(s3, bucket=bucket, prefix=MEDIA_PREFIX, after=start)
    young = _folders(item.key for item in page if _age(item) < _STRAYS_KEPT)
    old = _folders(item.key for item in page if _age(item) >= _STRAYS_KEPT) - young
    if old:
        for prefix in assets.unlinked(conn, prefixes=sorted(old)):
            media.delete_prefix(s3, bucket=bucket, prefix=prefix)


def _delete_markers(s3: Any, *, bucket: str) -> None:
    page = media.list_page(s3, bucket=bucket, prefix=CONTROL_PREFIX)
    old = [item.key for item in page if _age(item) >= _MARKERS_KEPT]
    if old:
        media.delete(s3, old, bucket=bucket)


def _folders(keys: Iterable[str]) -> set[str]:
    return {key[: key.rindex("/") + 1] for key in keys}


def _age(item: media.Stored) -> timedelta:
    return datetime.now(tz=UTC) - item.modified_at
