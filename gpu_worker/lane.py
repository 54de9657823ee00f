"""One queue's work inside a worker: from an accepted delivery over batches on the compute thread to its end."""

import logging
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from contract.catalogue import Model, Queue
from contract.keys import cancel_key
from contract.kinds import CaptionParams, EditParams, Kind, UpscaleParams
from contract.metrics import Meter
from gpu_worker import failures, imaging
from gpu_worker.batch import Seat, Waiting
from gpu_worker.delivery import Delivery
from gpu_worker.engines.base import Engine, Row
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
        prompts: PromptFilter, is_strict: bool, meter: Meter,
    ) -> None:  # fmt: skip
        self._queue: Queue = queue
        self._models = models
        self._storage = storage
        self._finisher = finisher
        self._pool = pool
        self._prompts = prompts
        self._is_strict = is_strict
        self._meter = meter
        self._waiting = Waiting()

    def accept(self, delivery: Delivery) -> None:
        """Let a delivery wait for the compute thread; whatever has to be fetched for it is fetched beside."""
        self._pool.submit(self._prepare, delivery)

    def compute(self) -> None:
        """Run batches until `close`; a failure ends the deliveries that it hit, never the loop."""
        self._models.preload(self._queue)
        while first := self._waiting.oldest():
            seats = [first]
            try:
                model, kind = self._model(first.delivery)
                with self._models.engine(model, kind) as engine:
                    seats = self._batch(first, engine, model=model, kind=kind)
                    with self._measured(engine, model=model):
                        self._run(seats, engine, size=model.batch if self._is_strict else len(seats))
            except Exception as error:
                if not isinstance(error, TaskFailure):
                    log.exception("batch failed", extra=first.delivery.log_fields())
                self._fail(seats, failures.from_exception(error))

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

    def _batch(self, first: Seat, engine: Engine, *, model: Model, kind: Kind) -> list[Seat]:
        key = engine.key(first.row)

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

        return self._waiting.take(limit=model.batch, fits=fits)

    def _run(self, seats: list[Seat], engine: Engine, *, size: int) -> None:
        """Compute a batch and pass on each delivery as soon as all of its outputs are there."""
        for seat in seats:
            seat.delivery.batch = max(seat.delivery.batch, len(seats))

        def on_step(i: int, fraction: float) -> bool:
            delivery = seats[i].delivery
            delivery.fractions[seats[i].k] = fraction
            return delivery.is_open

        if not seats:  # the only ones were cancelled just now
            return
        for i, made in engine.run([seat.row for seat in seats], size=size, on_step=on_step):
            delivery = seats[i].delivery
            delivery.fractions[seats[i].k] = 1.0
            delivery.made[seats[i].k] = made
            if len(delivery.made) == len(delivery.fractions):
                self._finisher.succeed(delivery)

    @contextmanager
    def _measured(self, engine: Engine, *, model: Model) -> Generator[None]:
        began, before = time.monotonic(), engine.tokens
        yield
        if drawn := engine.tokens - before:
            self._meter.put({"TokensPerSecond": drawn / (time.monotonic() - began)}, of=model.id)

    def _fail(self, seats: list[Seat], failure: TaskFailure) -> None:
        for delivery in {seat.delivery for seat in seats}:
            self._finisher.fail(delivery, failure)
