"""Where a worker's time goes: what each stage of a task costs its threads in CPU, and what the compute thread does."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gpu_worker.pictures import imaging
from gpu_worker.queue.receive import Inbox, Receiver
from gpu_worker.queue.report import Reporter
from gpu_worker.work import finish
from gpu_worker.work.lane import Lane
from gpu_worker.work.storage import Storage

_PLACES: dict[str, list[tuple[Any, str]]] = {
    "receive": [(Inbox, "receive"), (Receiver, "_admitted")],
    "prepare": [(Lane, "_prepare")],
    "encode": [(imaging, "encode_png"), (imaging, "encode_thumb"), (finish, "thumbhash")],
    "upload": [(Storage, "write")],
    "report": [(Reporter, "_send"), (Inbox, "delete")],
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
        patch.setattr(Lane, "_run", spent.timed("compute", Lane._run, time.perf_counter))
        yield spent
