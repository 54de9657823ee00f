"""What the whole worker makes of a full queue, beside bare loops over the same models in the same process."""

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from contract import catalogue
from contract.catalogue import Catalogue, Model
from gpu_worker import loading
from gpu_worker.settings import share_cores
from gpu_worker.weights.cache import ModelCache
from gpu_worker.worker import Worker
from tests.bench import stages
from tests.bench.rows import Row
from tests.gpu_worker.models import CACHE, TEXT_MODEL, text_folder
from tests.gpu_worker.site import Site, a_request
from tests.services.ministack import credentials, running_ministack
from tests.wait import until

Request = dict[str, Any]
Bare = Callable[..., None]

_ROUNDS = 3
_TOKENS = 32
_DEMO = next(model for model in catalogue.load("demo").models if model.id == "demo-emoji")
_EMOJI = _DEMO.model_copy(update={"limits": {}})
"""Of sizes, too, that it was not taught: they cost what they would cost of any model."""
_TWIN = _EMOJI.model_copy(update={"id": "demo-emoji-twin"})
"""The same weights once more: another model, as far as the worker knows."""
_WIDE = _EMOJI.model_copy(update={"batch": 8})
_MIXED = ((_EMOJI, 64, 16), (_EMOJI, 64, 8), (_EMOJI, 96, 8), (_TWIN, 64, 16))
"""Model, side in pixels and steps of what a mixed queue holds in equal shares."""


@dataclass(frozen=True)
class _Place:
    """A worker on queues of its own."""

    site: Site

    def seconds(self, requests: Sequence[Request], *, lead: int) -> float:
        """From the end of the first `lead` requests, or the start of the first, to the end of the last."""
        self._send(requests)
        tasks = [UUID(request["task"]) for request in requests]
        # Seldom, and the last first: events tell when they were sent, and reading them takes time from what is measured.
        until(lambda: all("succeeded" in self.site.kinds(task) for task in reversed(tasks)), seconds=600, every=1)
        events = [self.site.events(task) for task in tasks]
        ended = sorted(event.sent_at for each in events for event in each if event.event == "succeeded")
        began = ended[lead - 1] if lead else min(each[0].sent_at for each in events)
        return (ended[-1] - began).total_seconds()

    def _send(self, requests: Sequence[Request]) -> None:
        queue = self.site.queues[requests[0]["kind"]]
        bodies = [json.dumps(request) for request in requests]
        for at in range(0, len(bodies), 10):
            entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[at : at + 10])]
            self.site.sqs.send_message_batch(QueueUrl=queue, Entries=entries)


def rows() -> list[Row]:
    """Full queues of one model and of several, what a picture costs beside its computation, and loading."""
    share_cores()
    from tests.bench import bare  # not before: it loads torch

    draw, write = bare.Pictures(steady=True).draw, bare.Texts(text_folder()).write
    plain = bare.Pictures(steady=False).draw
    with TemporaryDirectory() as folder, running_ministack(Path(folder)) as endpoint, credentials():
        with _a_worker(endpoint, TEXT_MODEL, _EMOJI, _TWIN, strict=True) as place:
            measured = [
                *_full("worker.full", place, _pictures, draw, count=16, batch=_EMOJI.batch),
                *_full("worker.text", place, _texts, write, count=8, batch=TEXT_MODEL.batch),
                *_burst(place, write),
                *_mixed(place, draw, count=24),
                *_stages(place, count=16),
            ]
        with _a_worker(endpoint, _WIDE, strict=False) as place:
            measured += _full("worker.loose", place, _pictures, draw, count=16, batch=_WIDE.batch)
    return [*measured, *_steadiness(draw, plain), *_loading()]


@contextmanager
def _a_worker(endpoint: str, *models: Model, strict: bool) -> Iterator[_Place]:
    """A worker that has these models loaded and has computed with each."""
    site = Site(endpoint)
    settings = site.settings(strict=strict, wait_seconds=2, progress_min_seconds=2, cancel_look_seconds=2)
    worker = Worker(settings, catalogue=Catalogue(models=models))
    worker.start()
    try:
        place = _Place(site)
        for model in models:
            place.seconds([_a_text(0) if model is TEXT_MODEL else _a_picture(0, model, side=64, steps=4)], lead=0)
        yield place
    finally:
        worker.stop()


def _full(
    name: str, place: _Place, some: Callable[[int], list[Request]], bare: Bare, *, count: int, batch: int
) -> list[Row]:
    """The worker's pace while its queue is full over that of a loop with its batches, and of one without."""
    worker, batched, single = _paces(
        lambda: count / place.seconds(some(count + batch), lead=batch),
        lambda: count / _timed(partial(bare, some(count), batch=batch)),
        lambda: 2 / _timed(partial(bare, some(2), batch=1)),
    )
    return [
        _row(name, worker, batched, goal=0.97),
        _row(f"{name}.alone", worker, single),
    ]


def _burst(place: _Place, bare: Bare) -> list[Row]:
    """A batch of texts that finds the worker idle, from the start of the first."""
    count = TEXT_MODEL.batch
    worker, batched = _paces(
        lambda: count / place.seconds(_texts(count), lead=0),
        lambda: count / _timed(partial(bare, _texts(count), batch=count)),
    )
    return [_row("worker.burst", worker, batched)]


def _mixed(place: _Place, bare: Bare, *, count: int) -> list[Row]:
    """A queue of all sorts, over a loop that has them sorted."""

    def sorted_out() -> None:
        for number in range(len(_MIXED)):
            bare(_pictures(count // len(_MIXED), sort=number), batch=_EMOJI.batch)

    worker, batched = _paces(
        lambda: count / place.seconds(_mixture(count), lead=0),
        lambda: count / _timed(sorted_out),
    )
    return [_row("worker.mixed", worker, batched, goal=0.90)]


def _steadiness(steady: Bare, plain: Bare) -> list[Row]:
    """What it costs that a row's bytes do not depend on its place, without a worker."""
    paces = _paces(*(lambda bare=bare: 8 / _timed(partial(bare, _pictures(8), batch=2)) for bare in (steady, plain)))
    return [_row("worker.steady", *paces)]


def _paces(*measures: Callable[[], float]) -> list[list[float]]:
    """Rows per second of each, of several rounds in which all are measured in turn, every other round backwards."""
    taken: list[list[float]] = [[] for _ in measures]
    for number in range(_ROUNDS):
        order = range(len(measures)) if number % 2 else reversed(range(len(measures)))
        for i in order:
            taken[i].append(measures[i]())
    return taken


def _row(name: str, paces: list[float], references: list[float], *, goal: float | None = None) -> Row:
    """Medians; the ratio is that of the rounds, in each of which the machine was the same for both."""
    ratio = statistics.median(pace / reference for pace, reference in zip(paces, references, strict=True))
    value, reference = statistics.median(paces), statistics.median(references)
    return Row(name, value, "rows/s", reference, ratio, goal, at_least=True)


def _timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _stages(place: _Place, *, count: int) -> list[Row]:
    """Milliseconds per picture of each stage."""
    with stages.watched() as spent:
        place.seconds(_pictures(count), lead=0)
    return [Row(f"worker.{stage}_ms", 1000 * spent.seconds[stage] / count, "ms") for stage in stages.STAGES]


def _loading() -> list[Row]:
    """Seconds until a model is ready, and until another one is in its place; the files are in memory."""
    loads = [_timed(partial(_models().load, TEXT_MODEL)) for _ in range(_ROUNDS)]
    in_turn = _models()
    switches = [_timed(partial(in_turn.load, model)) for _ in range(_ROUNDS) for model in (_EMOJI, _TWIN)]
    return [
        Row("worker.load_s", statistics.median(loads), "s"),
        Row("worker.switch_s", statistics.median(switches[1:]), "s"),
    ]


def _models() -> ModelCache:
    """No model loaded, and room for one."""
    return ModelCache(
        Catalogue(models=(TEXT_MODEL, _EMOJI, _TWIN)),
        models_dir=CACHE / "models",
        memory_bytes=1,
        build=partial(loading.build, threads=0),
    )


def _pictures(count: int, *, sort: int = 0) -> list[Request]:
    model, side, steps = _MIXED[sort]
    return [_a_picture(number, model, side=side, steps=steps) for number in range(count)]


def _mixture(count: int) -> list[Request]:
    """Pictures of every sort in a random order, which is the same each time."""
    requests = [request for sort in range(len(_MIXED)) for request in _pictures(count // len(_MIXED), sort=sort)]
    Random(7).shuffle(requests)
    return requests


def _a_picture(number: int, model: Model, *, side: int, steps: int) -> Request:
    prompt = f"a {('red', 'green', 'blue', 'yellow')[number % 4]} apple"
    params = {"prompt": prompt, "width": side, "height": side, "denoise_steps": steps, "guidance": 3.0}
    return a_request(model, "image", params, [number])


def _texts(count: int) -> list[Request]:
    return [_a_text(number) for number in range(count)]


def _a_text(number: int) -> Request:
    prompt = "Tell me a long story about the sea."
    params = {"prompt": prompt, "max_tokens": _TOKENS, "temperature": 0.7, "top_p": 0.95}
    return a_request(TEXT_MODEL, "text", params, [number])
