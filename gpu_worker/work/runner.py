"""One queue's work inside a worker: from an accepted delivery over batches on the compute thread to its end."""

import logging
import time
from collections.abc import Generator, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from contract.catalogue import Limit, Model, Queue
from contract.keys import cancel_key
from contract.kinds import KINDS, Kind
from contract.limits import MAX_SIDE, MIN_SIDE
from contract.metrics import Meter
from gpu_worker import failures
from gpu_worker.engines.base import Engine, Row, Sketching
from gpu_worker.failures import TaskFailure
from gpu_worker.machine import memory
from gpu_worker.pictures import files
from gpu_worker.pictures.sizes import Frame
from gpu_worker.queue.in_flight import Delivery
from gpu_worker.safety.prompts import PromptFilter
from gpu_worker.weights.cache import Models
from gpu_worker.work import admission
from gpu_worker.work.batches import Rules, Seat, Waiting
from gpu_worker.work.finisher import Finisher
from gpu_worker.work.media import Storage

log = logging.getLogger(__name__)

_ANY_SIDE = Limit(minimum=MIN_SIDE, maximum=MAX_SIDE)


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
        seats: list[Seat] = []
        try:
            model = self._model(delivery)
            admission.check(delivery.request.params, model)
            self._prompts.check(delivery.request.params)
            if self._storage.exists(cancel_key(delivery.request.task)):
                self._finisher.fail(delivery, failures.cancelled())
            else:
                seats = self._seats(delivery, model)
        except Exception as error:
            if not isinstance(error, TaskFailure):
                log.exception("delivery not prepared", extra=delivery.log_fields())
            self._finisher.fail(delivery, failures.from_exception(error))
        finally:
            self._waiting.add(seats)
        for seat in seats[:1]:
            self._models.foresee(seat.model)

    def _seats(self, delivery: Delivery, model: Model) -> list[Seat]:
        request, picture = delivery.request, None
        if key := getattr(request.params, "image", None):
            frame = _frame(model) if KINDS[Kind(request.kind)].resizes_start else None
            start = files.open_start(self._storage.read_picture(key), frame=frame)
            delivery.start_digest, picture = start.digest, start.picture
        rows = [Row(params=request.params, seed=seed, picture=picture) for seed in request.seeds]
        return [Seat(delivery, k, row, model) for k, row in enumerate(rows)]

    def _model(self, delivery: Delivery) -> Model:
        request = delivery.request
        return self._models.find(request.model, kind=Kind(request.kind), revision=request.revision)

    def _next(self) -> Seat | None:
        """The row around which the next batch is put together; None once closed."""
        first = self._waiting.next(prefers=self._is_loaded, patience=self._rules.switch_seconds)
        return self._waiting.fuller(first, key=self._key, limit=self._limit) if first else None

    def _is_loaded(self, seat: Seat) -> bool:
        return self._models.is_loaded(seat.model.id)

    def _key(self, seat: Seat) -> Hashable:
        """What the rows of its batch share; None while its model is not loaded."""
        if seat.key is None and (engine := self._models.loaded(seat.model.id, seat.kind)):
            try:
                self._tell_key(seat, engine)
            except TaskFailure:  # it fails on its own when it is the oldest
                seat.key = object()
        return seat.key

    def _tell_key(self, seat: Seat, engine: Engine) -> None:
        seat.key = (seat.model.id, seat.kind, engine.key(seat.row))

    def _limit(self, seat: Seat) -> int:
        return self._most.get(seat.key, seat.model.batch)

    def _compute_with(self, first: Seat) -> None:
        """Compute a row and what fits to it in one batch; what does not fit into memory comes back in halves."""
        model = first.model
        with self._models.engine(model, first.kind) as engine:
            self._tell_key(first, engine)
            seats = self._waiting.take(limit=self._limit(first), fits=lambda seat: self._key(seat) == first.key)
            try:
                with self._measured(engine, model=model, kind=first.kind, rows=len(seats)):
                    self._run(seats, engine, size=model.batch if self._rules.is_strict else len(seats))
            except Exception as error:  # noqa: BLE001 -- whatever an engine trips over ends its tasks, not the lane
                if not self._may_halve(seats, error):
                    self._fail(seats, error)
                    return
                self._most[first.key] = len(seats) // 2
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
        for seat in seats:
            seat.delivery.begin()
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
        deliveries = {seat.delivery for seat in seats}
        self._waiting.leave(deliveries)
        for delivery in deliveries:
            self._finisher.fail(delivery, failure)


def _frame(model: Model) -> Frame:
    """As many pixels as the model draws by default, within the sides that it can draw."""
    limits = [model.limits.get(side, _ANY_SIDE) for side in ("width", "height")]
    bounds = [int(bound) for limit in limits for bound in (limit.minimum, limit.maximum)]
    return Frame(int(model.defaults["width"]) * int(model.defaults["height"]), *bounds)
