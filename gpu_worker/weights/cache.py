"""Keeps models loaded: each is built once, kept while there is room, and dropped least recently used first."""

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from contract.catalogue import Catalogue, Model, Queue
from contract.kinds import Kind
from contract.metrics import Meter
from gpu_worker.engines.base import Engine
from gpu_worker.failures import TaskFailure
from gpu_worker.machine import memory
from gpu_worker.weights import sources

log = logging.getLogger(__name__)

Engines = dict[Kind, Engine]

_SILENT = Meter()


class ModelCache:
    """The loaded models of one process, used by one compute thread per queue."""

    def __init__(
        self, catalogue: Catalogue, *, models_dir: Path, memory_bytes: int, build: Callable[[Model, Path], Engines],
        meter: Meter = _SILENT,
    ) -> None:  # fmt: skip
        """`memory_bytes` is the room for loaded models; 0 is what the machine can spare."""
        self._catalogue = catalogue
        self._models_dir = models_dir
        self._wanted_bytes = memory_bytes
        self._build = build
        self._meter = meter
        self._loaded: dict[str, Engines] = {}
        """Least recently used first."""
        self._files_read: set[str] = set()

    def offered(self, queue: Queue) -> list[str]:
        """The ids of the models of a queue whose weights are on this machine."""
        return [
            model.id
            for model in self._catalogue.models
            if model.queue == queue and sources.is_present(model, self._models_dir)
        ]

    def find(self, model_id: str, *, kind: Kind, revision: str) -> Model:
        """The model of the catalogue; raises TaskFailure when this worker has none like it."""
        model = self._catalogue.find(model_id)
        if model is None or model.revision != revision:
            raise TaskFailure(
                "unknown_model", f"This worker does not have this revision of {model_id}.", retryable=True
            )
        if kind not in model.kinds:
            raise TaskFailure("unfit_model", f"The model {model_id} cannot do this kind of step.")
        return model

    def is_loaded(self, model_id: str) -> bool:
        """Whether a model could compute at once."""
        return model_id in self._loaded

    def loaded(self, model_id: str, kind: Kind) -> Engine | None:
        """The engine of a model that is loaded: to be asked, not to compute with."""
        return self._loaded.get(model_id, {}).get(kind)

    @contextmanager
    def engine(self, model: Model, kind: Kind) -> Generator[Engine]:
        """The engine of a model, loaded if need be, which stays loaded for the block; raises TaskFailure."""
        while True:
            with _GATE.computing():
                if engines := self._loaded.pop(model.id, None):
                    self._loaded[model.id] = engines
                    yield engines[kind]
                    return
            self.load(model)

    def load(self, model: Model) -> None:
        """Have a model ready; nothing else computes meanwhile. Raises TaskFailure."""
        with _GATE.building():
            if model.id in self._loaded:
                return
            self._make_room(model.memory_bytes)
            began = time.monotonic()
            self._loaded[model.id] = self._built(model)
            self._files_read.discard(model.id)
            seconds = time.monotonic() - began
            log.info("model loaded", extra={"model": model.id, "seconds": round(seconds, 1)})
            self._meter.put({"LoadSeconds": seconds}, of=model.id)

    def read_ahead(self, model: Model) -> None:
        """Read a model's files if it is not loaded, so that loading it will not wait for the disk."""
        if model.id not in self._loaded and model.id not in self._files_read:
            self._files_read.add(model.id)
            sources.read_ahead(model, self._models_dir)

    def preload(self, queue: Queue) -> None:
        """Load as many models of a queue as fit together, so that the first task need not wait; logs what fails."""
        room = self._memory_bytes
        for model in self._catalogue.models:
            if model.queue != queue or not sources.is_present(model, self._models_dir) or model.memory_bytes > room:
                continue
            room -= model.memory_bytes
            try:
                self.load(model)
            except TaskFailure:
                continue

    @cached_property
    def _memory_bytes(self) -> int:
        return self._wanted_bytes or memory.room_for_models()

    def _built(self, model: Model) -> Engines:
        try:
            folder = sources.ensure_folder(
                model, self._models_dir, say=lambda step: log.info(step, extra={"model": model.id})
            )
            return self._build(model, folder)
        except Exception:
            log.exception("model does not load", extra={"model": model.id})
            detail = f"The worker could not load the model {model.id}."
            raise TaskFailure("model_unavailable", detail, retryable=True) from None

    def _make_room(self, memory_bytes: int) -> None:
        while self._loaded and self._used() + memory_bytes > self._memory_bytes:
            oldest = next(iter(self._loaded))
            del self._loaded[oldest]
            log.info("model dropped", extra={"model": oldest})

    def _used(self) -> int:
        models = (self._catalogue.find(model_id) for model_id in self._loaded)
        return sum(model.memory_bytes for model in models if model)


class _Gate:
    """Many may compute or one may build.

    Building a model patches torch for the whole process (default dtype, constructors), which would reach into
    another thread's computation; and a model must not be dropped while it computes.
    """

    def __init__(self) -> None:
        self._computing = 0
        self._builders = 0
        self._is_building = False
        self._changed = threading.Condition()

    @contextmanager
    def computing(self) -> Generator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._builders)
            self._computing += 1
        try:
            yield
        finally:
            with self._changed:
                self._computing -= 1
                self._changed.notify_all()

    @contextmanager
    def building(self) -> Generator[None]:
        with self._changed:
            self._builders += 1  # from here on nobody begins to compute, so that a builder's turn comes
            self._changed.wait_for(lambda: not self._computing and not self._is_building)
            self._is_building = True
        try:
            yield
        finally:
            with self._changed:
                self._builders -= 1
                self._is_building = False
                self._changed.notify_all()


_GATE = _Gate()
"""One for the process, as what building patches is."""
