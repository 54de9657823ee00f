"""Tells of deliveries that begin, and ends them: off the compute thread files are stored and events sent."""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from PIL.Image import Image

from contract.keys import output_key, thumb_key
from contract.limits import MAX_EVENT_TEXT_BYTES
from contract.messages import ImageOutput, Output, TextOutput
from contract.metrics import Meter
from gpu_worker import failures
from gpu_worker.engines.base import Made
from gpu_worker.failures import TaskFailure
from gpu_worker.pictures import files
from gpu_worker.pictures.thumbhash import thumbhash
from gpu_worker.queue.events import EventSender
from gpu_worker.queue.in_flight import Delivery, InFlight
from gpu_worker.queue.task_queue import TaskQueue
from gpu_worker.safety.pictures import Guard
from gpu_worker.work.media import MediaBucket
from gpu_worker.work.previews import Draw, Previews

log = logging.getLogger(__name__)


class Finisher:
    """Begins and ends the deliveries of one queue.

    Its methods return at once and may be called from any thread, those that end one also more than once.
    The message is deleted only after its final event was sent: a worker that dies in between lets it come back.
    """

    def __init__(
        self, *, media: MediaBucket, events: EventSender, task_queue: TaskQueue, in_flight: InFlight,
        pool: ThreadPoolExecutor, guard: Guard, meter: Meter, previews: Previews,
    ) -> None:  # fmt: skip
        self._media = media
        self._events = events
        self._task_queue = task_queue
        self._in_flight = in_flight
        self._pool = pool
        self._guard = guard
        self._meter = meter
        self._previews = previews

    def announce(self, deliveries: Sequence[Delivery]) -> None:
        """Say that these are being computed."""
        if deliveries:
            announced = self._pool.submit(self._announce, deliveries)
            for delivery in deliveries:
                delivery.announced = announced

    def succeed(self, delivery: Delivery) -> None:
        """Store what was made and say so; when that fails, the delivery fails."""
        self._pool.submit(self._succeed, delivery)

    def offer_preview(self, delivery: Delivery, draw: Draw) -> None:
        """Let people see what is under way, if it is time for that: `draw` is then called at once."""
        self._previews.offer(delivery, draw)

    def fail(self, delivery: Delivery, failure: TaskFailure) -> None:
        """Say why the delivery made nothing."""
        self._pool.submit(self._fail, delivery, failure)

    def fail_cancelled(self) -> None:
        """End the deliveries under way whose run was cancelled; their computation stops at its next step."""
        for delivery in self._in_flight.all():
            if delivery.is_open and delivery.fraction and self._media.is_cancelled(delivery.receipt):
                self.fail(delivery, failures.cancelled())

    def _announce(self, deliveries: Sequence[Delivery]) -> None:
        try:
            self._events.started([delivery.receipt for delivery in deliveries])
        except Exception as error:  # noqa: BLE001 -- the first progress stands for it
            log.warning("start not reported", extra={"error": type(error).__name__, **deliveries[0].log_fields()})

    def _succeed(self, delivery: Delivery) -> None:
        try:
            safety = self._guard.judge([made for made in delivery.made.values() if isinstance(made, Image)])
            outputs = [self._store(delivery, k=k, made=delivery.made[k]) for k in range(len(delivery.fractions))]
        except Exception as error:
            if not isinstance(error, TaskFailure):
                log.exception("outputs not stored", extra=delivery.log_fields())
            self._fail(delivery, failures.from_exception(error))
            return
        self._previews.clear(delivery)
        seconds = time.monotonic() - delivery.received_at
        if delivery.announced:  # so that events mostly come in their order, and the task's wait is known
            wait([delivery.announced])
        if not delivery.close():
            return
        try:
            self._events.succeeded(
                delivery.receipt,
                seconds=seconds,
                computed_seconds=delivery.computed_seconds,
                batch=delivery.batch,
                outputs=outputs,
                safety=safety,
            )
            self._task_queue.delete(delivery.receipt_handle)
            log.info("task done", extra={**delivery.log_fields(), "seconds": round(seconds, 2)})
            computed = delivery.computed_seconds or 0.0
            self._meter.put({"TaskSeconds": computed}, of=delivery.request.model)
            self._meter.put({"KindSeconds": computed}, of=delivery.request.kind)
        except Exception:
            log.exception("success not reported", extra=delivery.log_fields())
        finally:
            self._in_flight.remove(delivery)

    def _fail(self, delivery: Delivery, failure: TaskFailure) -> None:
        if not delivery.close():
            return
        try:
            self._events.failed(delivery.receipt, failure)
            self._task_queue.delete(delivery.receipt_handle)
            log.info("task failed", extra={**delivery.log_fields(), "code": failure.code})
        except Exception:
            log.exception("failure not reported", extra=delivery.log_fields())
        finally:
            self._in_flight.remove(delivery)

    def _store(self, delivery: Delivery, *, k: int, made: Made) -> Output:
        if isinstance(made, str):
            return self._store_text(delivery, k=k, text=made)
        return self._store_picture(delivery, k=k, picture=made)

    def _store_text(self, delivery: Delivery, *, k: int, text: str) -> TextOutput:
        if not text:
            detail = "The model had nothing to say to this prompt; try other words or another seed."
            raise TaskFailure("empty_answer", detail)
        key = output_key(delivery.receipt.delivery, k=k, extension="txt")
        data = text.encode()
        self._media.write(key, data, content_type="text/plain; charset=utf-8")
        short = data[:MAX_EVENT_TEXT_BYTES].decode(errors="ignore")
        return TextOutput(key=key, text=short, characters=len(text), bytes=len(data))

    def _store_picture(self, delivery: Delivery, *, k: int, picture: Image) -> ImageOutput:
        request, folder = delivery.request, delivery.receipt.delivery
        made_from = files.origin(request, seed=request.seeds[k], start_digest=delivery.start_digest)
        data = files.encode_png(picture, made_from=made_from)
        key, thumb = output_key(folder, k=k, extension="png"), thumb_key(folder, k=k)
        self._media.write(key, data, content_type="image/png")
        self._media.write(thumb, files.encode_thumb(picture), content_type="image/webp")
        return ImageOutput(
            key=key,
            thumb_key=thumb,
            width=picture.width,
            height=picture.height,
            bytes=len(data),
            thumbhash=thumbhash(picture),
        )
