"""One queue's work inside a worker: from an accepted delivery over batches on the compute thread to its end."""

import logging
import time
from collections.abc import Generator, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from contract.catalogue import Model, Queue
from contract.keys import cancel_key
from contract.kinds import KINDS, CaptionParams, EditParams, Kind, UpscaleParams
from contract.metrics import Meter
from gpu_worker import failures, imaging, memory
from gpu_worker.batch import Rules, Seat, Waiting
from gpu_worker.delivery import Delivery
from gpu_worker.engines.base import Engine, Row, Sketching
from gpu_worker.failures import TaskFailure
from gpu_worker.finish import Finisher
from gpu_worker.models.cache import Models
from gpu_worker.safety.prompts import PromptFilter
from gpu_worker.storage import Storage

log = logging.getLogger(__name__)


class Lane:
    """Accepts deliveries on the receiver's thread and computes them on a thread of its own."""

    def __init__(
        self, queue: Queue, *, models: Models, storage: Storage, finisher: Finisher, pool: ThreadPoolExecutor,
        prompts: PromptFilter, rules: Rules, meter: Meter,
    ) -> None:  # fmt: skip
        self._queue: Queue = queue
        self._models = models
        self._storage = storage
        self._finisher = finisher
        self._pool = pool
        self._prompts = prompts
        self._rules = rules
        self._meter = meter
        self._most: dict[Hashable, int] = {}
        """The largest batches that fit into memory, by shape, where one has not."""
        self._waiting = Waiting()

    def accept(self, delivery: Delivery) -> None:
        """Let a delivery wait for the compute thread; whatever has to be fetched for it is fetched beside."""
        self._pool.submit(self._prepare, delivery)

    def compute(self) -> None:
        """Run batches until `close`; a failure ends the deliveries that it hit, never the loop."""
        self._models.preload(self._queue)
        while first := self._waiting.next(prefers=self._is_loaded, patience=self._rules.switch_seconds):
            try:
                self._compute_with(first)
            except Exception as error:  # noqa: BLE001 -- the edge of the compute thread, logged where it ends
                self._fail([first], error)

    def close(self) -> None:
        """Let `compute` end; what still computes stops at its next step once its deliveries are closed."""
        self._waiting.close()

    def _prepare(self, delivery: Delivery) -> None:
        try:
            self._prompts.check(delivery.request.params)
            if self._storage.exists(cancel_key(delivery.request.task)):
                self._finisher.fail(delivery, failures.cancelled())
            else:
                self._waiting.add(self._seats(delivery))
        except Exception as error:
            if not isinstance(error, TaskFailure):
                log.exception("delivery not prepared", extra=delivery.log_fields())
            self._finisher.fail(delivery, failures.from_exception(error))

    def _seats(self, delivery: Delivery) -> list[Seat]:
        params, picture = delivery.request.params, None
        if isinstance(params, EditParams | CaptionParams | UpscaleParams):
            size = self._start_size(delivery) if isinstance(params, EditParams) else None
            start = imaging.open_start(self._storage.read_picture(params.image), size=size)
            delivery.start_digest, picture = start.digest, start.picture
        rows = [Row(params=params, seed=seed, picture=picture) for seed in delivery.request.seeds]
        return [Seat(delivery, k, row) for k, row in enumerate(rows)]

    def _start_size(self, delivery: Delivery) -> tuple[int, int]:
        model, _ = self._model(delivery)
        return int(model.defaults["width"]), int(model.defaults["height"])

    def _model(self, delivery: Delivery) -> tuple[Model, Kind]:
        request = delivery.request
        kind = Kind(request.kind)
        return self._models.find(request.model, kind=kind, revision=request.revision), kind

    def _is_loaded(self, seat: Seat) -> bool:
        return self._models.is_loaded(seat.delivery.request.model)

    def _compute_with(self, first: Seat) -> None:
        """Compute a row and what fits to it in one batch; what does not fit into memory comes back in halves."""
        model, kind = self._model(first.delivery)
        with self._models.engine(model, kind) as engine:
            key = engine.key(first.row)
            shape = (model.id, kind, key)
            most = self._most.get(shape, model.batch)
            seats = self._batch(first, engine, key=key, model=model, kind=kind, most=most)
            try:
                with self._measured(engine, model=model, kind=kind, rows=len(seats)):
                    self._run(seats, engine, size=model.batch if self._rules.is_strict else len(seats))
            except Exception as error:  # noqa: BLE001 -- whatever an engine trips over ends its tasks, not the lane
                if not self._may_halve(seats, error):
                    self._fail(seats, error)
                    return
                self._most[shape] = len(seats) // 2
            else:
                return
        # Out of the handler: its traceback would hold on to what the batch had in memory.
        memory.release()
        self._waiting.put_back([seat for seat in seats if seat.k not in seat.delivery.made])

    def _may_halve(self, seats: list[Seat], error: Exception) -> bool:
        """Whether a smaller batch may do; in strict mode it would give other bytes."""
        if self._rules.is_strict or len(seats) < 2 or not failures.is_out_of_memory(error):
            return False
        log.warning("batch did not fit", extra={"rows": len(seats), **seats[0].delivery.log_fields()})
        return True

    def _batch(self, first: Seat, engine: Engine, *, key: Hashable, model: Model, kind: Kind, most: int) -> list[Seat]:
        def fits(seat: Seat) -> bool:
            if seat is first:
                return True
            request = seat.delivery.request
            if (request.model, request.revision, request.kind) != (model.id, model.revision, kind):
                return False
            try:
                return engine.key(seat.row) == key
            except TaskFailure:  # it fails on its own when it is the oldest
                return False

        return self._waiting.take(limit=most, fits=fits)

    def _run(self, seats: list[Seat], engine: Engine, *, size: int) -> None:
        """Compute a batch and pass on each delivery as soon as all of its outputs are there."""
        sketch = engine.sketch if isinstance(engine, Sketching) else None

        def on_step(i: int, fraction: float) -> bool:
            delivery = seats[i].delivery
            delivery.fractions[seats[i].k] = fraction
            if sketch:
                self._finisher.show(delivery, partial(sketch, i))
            return delivery.is_open

        if not seats:  # the only ones were cancelled just now
            return
        for i, made in engine.run([seat.row for seat in seats], size=size, on_step=on_step):
            delivery = seats[i].delivery
            delivery.fractions[seats[i].k] = 1.0
            delivery.batch = max(delivery.batch, len(seats))
            delivery.made[seats[i].k] = made
            if len(delivery.made) == len(delivery.fractions):
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

    def _fail(self, seats: list[Seat], error: Exception) -> None:
        if not isinstance(error, TaskFailure):
            log.error("batch failed", extra=seats[0].delivery.log_fields(), exc_info=error)
        failure = failures.from_exception(error)
        for delivery in {seat.delivery for seat in seats}:
            self._finisher.fail(delivery, failure)
