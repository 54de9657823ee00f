"""Shows pictures while they are drawn: small and rough, off the compute thread, and gone before the task is done."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from io import BytesIO

from PIL.Image import Image

from contract.keys import preview_key
from gpu_worker.queue.in_flight import Delivery
from gpu_worker.work.media import MediaBucket

log = logging.getLogger(__name__)

Draw = Callable[[], Image | None]
"""Gives a small, rough picture of what is under way; None where that cannot be told."""

_PROGRESS = 0.1
"""How much further a delivery is at its next preview: each is a paid request, and a slow picture changes slowly."""


class Previews:
    """Draws, stores and deletes previews; progress events name the newest."""

    def __init__(self, media: MediaBucket, *, pool: ThreadPoolExecutor, seconds: float) -> None:
        """`seconds` lie at least between a delivery's previews; 0 is for none at all."""
        self._media = media
        self._pool = pool
        self._seconds = seconds

    def offer(self, delivery: Delivery, draw: Draw) -> None:
        """Show one of the delivery's pictures if it is time for a preview; called by the compute thread."""
        if not self._seconds or not self._is_due(delivery):
            return
        try:
            picture = draw()
        except Exception:
            log.exception("preview not drawn", extra=delivery.log_fields())
            return
        if picture:
            key = preview_key(delivery.receipt.delivery, number=len(delivery.preview.uploads) + 1)
            delivery.preview.uploads[key] = self._pool.submit(self._store, delivery, key, picture)

    def clear(self, delivery: Delivery) -> None:
        """Delete the delivery's previews, for what it made is there to be looked at; what S3 refuses is logged.

        To be called from the pool: whatever was given to it before has at least begun, so that waiting ends.
        """
        preview = delivery.preview
        if preview.uploads:
            wait(preview.uploads.values())
            preview.newest = None
            try:
                self._media.delete(list(preview.uploads))
            except Exception as error:  # noqa: BLE001 -- no picture is lost for a preview that stays
                log.warning("previews not deleted", extra={**delivery.log_fields(), "error": type(error).__name__})

    def _is_due(self, delivery: Delivery) -> bool:
        """Whether the last preview is old enough, and what is left will take long enough to be worth one."""
        preview, now = delivery.preview, time.monotonic()
        if preview.since is None:
            preview.since = preview.at = now
        if now - preview.at < self._seconds or delivery.fraction < preview.fraction + _PROGRESS:
            return False
        preview.at, preview.fraction = now, delivery.fraction
        left = (now - preview.since) * (1 - delivery.fraction) / delivery.fraction
        return left >= self._seconds

    def _store(self, delivery: Delivery, key: str, picture: Image) -> None:
        file = BytesIO()
        picture.save(file, "WEBP", quality=75)
        try:
            self._media.write(key, file.getvalue(), content_type="image/webp")
        except Exception as error:  # noqa: BLE001 -- nor for one that is not stored
            log.warning("preview not stored", extra={**delivery.log_fields(), "error": type(error).__name__})
        else:
            delivery.preview.newest = key
