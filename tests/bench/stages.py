"""Where a worker's time goes: what each stage of a task costs its threads in CPU, and what the compute thread does."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gpu_worker.pictures import files
from gpu_worker.queue.events import EventSender
from gpu_worker.queue.receiver import Receiver
from gpu_worker.queue.task_queue import TaskQueue
from gpu_worker.work import finisher
from gpu_worker.work.media import MediaBucket
from gpu_worker.work.runner import BatchRunner

_PLACES: dict[str, list[tuple[Any, str]]] = {
    "receive": [(TaskQueue, "receive"), (Receiver, "_admitted")],
    "prepare": [(BatchRunner, "_prepare")],
    "encode": [(files, "encode_png"), (files, "encode_thumb"), (finisher, "thumbhash")],
    "upload": [(MediaBucket, "write")],
    "report": [(EventSender, "_send"), (TaskQueue, "delete")],
}
STAGES = (*_PLACES, "compute")


class Spent:
    """Seconds by stage: of CPU for what runs beside the compute thread, of the clock for `compute`."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def timed(self, stage: str, call: Callable[..., Any], clock: Callable[[], float]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            began = clock()
            try:
                return call(*args, **options)
            finally:
                self.seconds[stage] += clock() - began

        return wrapped


@contextmanager
def watched() -> Iterator[Spent]:
    """What the workers of this process spend while the block lasts."""
    spent = Spent()
    with pytest.MonkeyPatch.context() as patch:
        for stage, places in _PLACES.items():
            for owner, name in places:
                patch.setattr(owner, name, spent.timed(stage, getattr(owner, name), time.thread_time))
        patch.setattr(BatchRunner, "_run", spent.timed("compute", BatchRunner._run, time.perf_counter))
        yield spent
