"""One queue's work inside a worker: from an accepted delivery over batches on the compute thread to its end."""

import logging
import time
from collections.abc import Generator, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from contract.catalogue import Limit, Model, Queue
from contract.kinds import KINDS, Kind
from contract.limits import MAX_SIDE, MIN_SIDE
from contract.metrics import Meter
from gpu_worker import failures
from gpu_worker.engines.base import Engine, Previewing, Row
from gpu_worker.failures import TaskFailure
from gpu_worker.machine import memory
from gpu_worker.pictures import files
from gpu_worker.pictures.sizes import SizeRange
from gpu_worker.queue.in_flight import Delivery
from gpu_worker.safety.prompts import PromptFilter
from gpu_worker.weights.cache import ModelCache
from gpu_worker.work import admission
from gpu_worker.work.batches import BatchRules, BatchSlot, WaitingRows
from gpu_worker.work.finisher import Finisher
from gpu_worker.work.media import MediaBucket

log = logging.getLogger(__name__)

_ANY_SIDE = Limit(minimum=MIN_SIDE, maximum=MAX_SIDE)


class BatchRunner:
    """Accepts deliveries on the receiver's thread and computes them on a thread of its own."""

    def __init__(
        self, queue: Queue, *, models: ModelCache, media: MediaBucket, finisher: Finisher, pool: ThreadPoolExecutor,
        prompts: PromptFilter, rules: BatchRules, meter: Meter,
    ) -> None:  # fmt: skip
        self._queue: Queue = queue
        self._models = models
        self._media = media
        self._finisher = finisher
        self._pool = pool
        self._prompts = prompts
        self._rules = rules
        self._meter = meter
        self._batch_limits: dict[Hashable, int] = {}
        """The largest batches that fit into memory, by shape, where one has not."""
        self._waiting = WaitingRows()

    def accept(self, deliveries: Sequence[Delivery], *, more: bool) -> None:
        """Let deliveries wait for the compute thread; whatever has to be fetched for them is fetched beside."""
        self._waiting.expect(len(deliveries), more=more)
        for delivery in deliveries:
            self._pool.submit(self._prepare, delivery)

    def compute(self) -> None:
        """Run batches until `close`; a failure ends the deliveries that it hit, never the loop."""
        self._models.preload(self._queue)
        while first := self._next():
            try:
                self._compute_with(first)
            except Exception as error:  # noqa: BLE001 -- the edge of the compute thread, logged where it ends
                self._fail([first], error)

    def close(self) -> None:
        """Let `compute` end; what still computes stops at its next step once its deliveries are closed."""
        self._waiting.close()

    def _prepare(self, delivery: Delivery) -> None:
        slots: list[BatchSlot] = []
        try:
            model = self._model(delivery)
            admission.check(delivery.request.params, model)
            self._prompts.check(delivery.request.params)
            if self._media.is_cancelled(delivery.receipt):
                self._finisher.fail(delivery, failures.cancelled())
            else:
                slots = self._slots(delivery, model)
        except Exception as error:
            if not isinstance(error, TaskFailure):
                log.exception("delivery not prepared", extra=delivery.log_fields())
            self._finisher.fail(delivery, failures.from_exception(error))
        finally:
            self._waiting.add(slots)
        for slot in slots[:1]:
            self._models.read_ahead(slot.model)

    def _slots(self, delivery: Delivery, model: Model) -> list[BatchSlot]:
        request, picture = delivery.request, None
        if key := getattr(request.params, "image", None):
            size_range = _size_range(model) if KINDS[Kind(request.kind)].resizes_start else None
            start = files.open_start(self._media.read_picture(key), size_range=size_range)
            delivery.start_digest, picture = start.digest, start.picture
        rows = [Row(params=request.params, seed=seed, picture=picture) for seed in request.seeds]
        return [BatchSlot(delivery, k, row, model) for k, row in enumerate(rows)]

    def _model(self, delivery: Delivery) -> Model:
        request = delivery.request
        return self._models.find(request.model, kind=Kind(request.kind), revision=request.revision)

    def _next(self) -> BatchSlot | None:
        """The row around which the next batch is put together; None once closed."""
        first = self._waiting.next(prefers=self._is_loaded, patience=self._rules.switch_seconds)
        return self._waiting.prefer_full(first, key=self._key, limit=self._limit) if first else None

    def _is_loaded(self, slot: BatchSlot) -> bool:
        return self._models.is_loaded(slot.model.id)

    def _key(self, slot: BatchSlot) -> Hashable:
        """What the rows of its batch share; None while its model is not loaded."""
        if slot.key is None and (engine := self._models.loaded(slot.model.id, slot.kind)):
            try:
                self._tell_key(slot, engine)
            except TaskFailure:  # it fails on its own when it is the oldest
                slot.key = object()
        return slot.key

    def _tell_key(self, slot: BatchSlot, engine: Engine) -> None:
        slot.key = (slot.model.id, slot.kind, engine.key(slot.row))

    def _limit(self, slot: BatchSlot) -> int:
        return self._batch_limits.get(slot.key, slot.model.batch)

    def _compute_with(self, first: BatchSlot) -> None:
        """Compute a row and what fits to it in one batch; what does not fit into memory comes back in halves."""
        model = first.model
        with self._models.engine(model, first.kind) as engine:
            self._tell_key(first, engine)
            slots = self._waiting.take(limit=self._limit(first), fits=lambda slot: self._key(slot) == first.key)
            try:
                with self._measured(engine, model=model, kind=first.kind, rows=len(slots)):
                    self._run(slots, engine, size=model.batch if self._rules.is_strict else len(slots))
            except Exception as error:  # noqa: BLE001 -- whatever an engine trips over ends its tasks, not the runner
                if not self._may_halve(slots, error):
                    self._fail(slots, error)
                    return
                self._batch_limits[first.key] = len(slots) // 2
            else:
                return
        # Out of the handler: its traceback would hold on to what the batch had in memory.
        memory.release()
        self._waiting.put_back([slot for slot in slots if slot.k not in slot.delivery.made])

    def _may_halve(self, slots: list[BatchSlot], error: Exception) -> bool:
        """Whether a smaller batch may do; in strict mode it would give other bytes."""
        if self._rules.is_strict or len(slots) < 2 or not failures.is_out_of_memory(error):
            return False
        log.warning("batch did not fit", extra={"rows": len(slots), **slots[0].delivery.log_fields()})
        return True

    def _run(self, slots: list[BatchSlot], engine: Engine, *, size: int) -> None:
        """Compute a batch and pass on each delivery as soon as all of its outputs are there."""
        preview = engine.preview if isinstance(engine, Previewing) else None

        def on_step(i: int, fraction: float) -> bool:
            delivery = slots[i].delivery
            delivery.fractions[slots[i].k] = fraction
            if preview:
                self._finisher.offer_preview(delivery, partial(preview, i))
            return delivery.is_open

        if not slots:  # the only ones were cancelled just now
            return
        self._finisher.announce([slot.delivery for slot in slots if slot.delivery.begin()])
        for i, made in engine.run([slot.row for slot in slots], size=size, on_step=on_step):
            delivery = slots[i].delivery
            if delivery.add(slots[i].k, made, batch=len(slots)):
                self._finisher.succeed(delivery)

    @contextmanager
    def _measured(self, engine: Engine, *, model: Model, kind: Kind, rows: int) -> Generator[None]:
        began, before = time.monotonic(), engine.tokens
        yield
        seconds, drawn = time.monotonic() - began, engine.tokens - before
        values: dict[str, float] = {"BatchRows": rows}
        if drawn:
            values["TokensPerSecond"] = drawn / seconds
        if KINDS[kind].makes == "image":
            values["ImagesPerSecond"] = rows / seconds
        self._meter.put(values, of=model.id)

    def _fail(self, slots: list[BatchSlot], error: Exception) -> None:
        if not isinstance(error, TaskFailure):
            log.error("batch failed", extra=slots[0].delivery.log_fields(), exc_info=error)
        failure = failures.from_exception(error)
        deliveries = {slot.delivery for slot in slots}
        self._waiting.discard(deliveries)
        for delivery in deliveries:
            self._finisher.fail(delivery, failure)


def _size_range(model: Model) -> SizeRange:
    """As many pixels as the model draws by default, within the sides that it can draw."""
    limits = [model.limits.get(side, _ANY_SIDE) for side in ("width", "height")]
    bounds = [int(bound) for limit in limits for bound in (limit.minimum, limit.maximum)]
    return SizeRange(int(model.defaults["width"]) * int(model.defaults["height"]), *bounds)
