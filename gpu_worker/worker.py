"""Puts a worker together from its settings and runs it until it is told to stop; each part does its own work."""

import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from botocore.config import Config

from contract.catalogue import Catalogue, Queue
from contract.costs import cost
from contract.metrics import Meter
from gpu_worker import aws, loading
from gpu_worker.queue import heartbeats, shutdown
from gpu_worker.queue.events import EventSender
from gpu_worker.queue.heartbeats import Consumer
from gpu_worker.queue.in_flight import InFlight, PrefetchLimits, Request
from gpu_worker.queue.receiver import Receiver
from gpu_worker.queue.task_queue import TaskQueue
from gpu_worker.safety.pictures import Guard, PictureCheck
from gpu_worker.safety.prompt_list import PromptList
from gpu_worker.safety.prompts import PromptFilter
from gpu_worker.settings import Settings
from gpu_worker.weights.cache import ModelCache
from gpu_worker.work.batches import BatchRules
from gpu_worker.work.finisher import Finisher
from gpu_worker.work.media import MediaBucket
from gpu_worker.work.previews import Previews
from gpu_worker.work.runner import BatchRunner

log = logging.getLogger(__name__)

_TICK_SECONDS = 0.25
_POOL_THREADS = 8
_LOOK_SECONDS = 0.5
"""A signal that the system hands to another thread is seen only when the main one moves."""
_BUSY_SECONDS = 1
_MEASURE_SECONDS = 60
"""CloudWatch keeps one value a minute."""


class Worker:
    """The parts of one process."""

    def __init__(self, settings: Settings, *, catalogue: Catalogue) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._stop = threading.Event()
        """Nothing new is received any more."""
        self._ended = threading.Event()
        """Nothing is computed any more."""
        self._broken = False
        connect = partial(
            aws.client, endpoint_url=settings.aws_endpoint_url, region=settings.aws_region, config=_aws_config(settings)
        )
        self._sqs = connect("sqs")
        self._meter = Meter(settings.metrics_namespace)
        s3 = connect("s3")
        self._media = MediaBucket(s3, bucket=settings.media_bucket)
        self._events = EventSender(
            self._sqs,
            queue_url=settings.events_queue_url,
            worker=settings.worker,
            patience_seconds=settings.send_patience_seconds,
            meter=self._meter,
        )
        self._models = ModelCache(
            catalogue,
            models_dir=settings.models_dir,
            memory_bytes=settings.memory_bytes,
            build=partial(loading.build, threads=settings.threads),
            meter=self._meter,
        )
        self._pool = ThreadPoolExecutor(max_workers=_POOL_THREADS, thread_name_prefix="io")
        self._prompt_list = _prompt_list(s3, settings)
        self._prompts = PromptFilter(settings.refused_words)
        self._guard = _guard(settings)
        self._previews = Previews(self._media, pool=self._pool, seconds=settings.seconds_between_previews)
        self._consumers: list[Consumer] = []
        self._finishers: list[Finisher] = []
        self._receivers: list[Receiver] = []
        self._runners: list[BatchRunner] = []
        self._receiving: list[threading.Thread] = []
        for queue, url in settings.queue_urls.items():
            self._open_queue(queue, url)

    def run(self) -> int:
        """Work until a signal; returns the exit code: 1 when a part of the worker broke."""
        shutdown.on_signals(self._stop)
        self.start()
        while not self._stop.wait(_LOOK_SECONDS):
            pass
        self.stop()
        return 1 if self._broken else 0

    def start(self) -> None:
        """Begin to work on threads of its own."""
        queues = ",".join(self._settings.queue_urls)
        log.info("worker starts", extra={"worker": self._settings.worker, "queues": queues})
        if self._prompt_list:
            self._prompt_list.refresh()  # before the first prompt is held against it
        for name, loop in self._loops():
            threading.Thread(target=self._guarded, args=(loop,), name=name, daemon=True).start()
        for thread in self._receiving:
            thread.start()

    def stop(self) -> None:
        """Finish what the grace is long enough for and give the rest back at once; ends whatever the models are at."""
        log.info("worker stops")
        self._stop.set()
        for thread in self._receiving:
            # First, for what a poll under way gets can only be shown again, which takes its time.
            give_up = time.monotonic() + self._settings.wait_seconds + 1
            while thread.is_alive() and time.monotonic() < give_up:
                thread.join(timeout=_LOOK_SECONDS)
        grace = 0 if self._broken else self._settings.grace_seconds
        shutdown.drain(self._consumers, receivers=self._receivers, events=self._events, seconds=grace)
        for runner in self._runners:
            runner.close()
        self._ended.set()
        shutdown.release(self._consumers, events=self._events)

    def _open_queue(self, queue: Queue, url: str) -> None:
        settings = self._settings
        task_queue = TaskQueue(self._sqs, url=url, visibility_seconds=settings.visibility_seconds)
        in_flight = InFlight()
        finisher = Finisher(
            media=self._media,
            events=self._events,
            task_queue=task_queue,
            in_flight=in_flight,
            pool=self._pool,
            guard=self._guard,
            meter=self._meter,
            previews=self._previews,
        )
        runner = BatchRunner(
            queue,
            models=self._models,
            media=self._media,
            finisher=finisher,
            pool=self._pool,
            prompts=self._prompts,
            rules=BatchRules(is_strict=settings.is_strict, switch_seconds=settings.switch_seconds),
            meter=self._meter,
        )
        receiver = Receiver(
            task_queue,
            in_flight=in_flight,
            events=self._events,
            accept=runner.accept,
            cost_of=self._cost_of,
            prefetch=self._prefetch(queue),
            wait_seconds=settings.wait_seconds,
            stop=self._stop,
        )
        self._consumers.append(Consumer(queue, task_queue, in_flight))
        self._finishers.append(finisher)
        self._runners.append(runner)
        self._receivers.append(receiver)
        self._receiving.append(
            threading.Thread(target=self._guarded, args=(receiver.run,), name=f"receive-{queue}", daemon=True)
        )

    def _prefetch(self, queue: Queue) -> PrefetchLimits:
        """What the settings say, but at least a batch under way and another one ahead, for tasks of one output."""
        settings = self._settings
        batch = max((model.batch for model in self._catalogue.models if model.queue == queue), default=1)
        cost = settings.ahead_cost.get(queue, math.inf)
        return PrefetchLimits(max(settings.slots, batch), max(settings.ahead, batch), cost=cost)

    def _cost_of(self, request: Request) -> float:
        """Megapixel-steps; nothing for a model that nobody here has, whose tasks fail at once."""
        model = self._catalogue.find(request.model)
        return cost(request.params, model) if model else 0

    def _loops(self) -> list[tuple[str, Callable[[], None]]]:
        s, consumers, events = self._settings, self._consumers, self._events
        progress = partial(
            heartbeats.report_progress,
            consumers,
            events=events,
            at_least=s.progress_min_seconds,
            at_most=s.heartbeat_seconds,
        )
        waiting = partial(
            heartbeats.report_waiting,
            consumers,
            events=events,
            after=s.received_after_seconds,
            every=s.received_every_seconds,
        )
        alive = partial(heartbeats.report_alive, consumers, events=events, models=self._models.offered, slots=s.slots)
        measure = partial(heartbeats.publish_metrics, consumers, meter=self._meter, slots=s.slots)
        optional: list[tuple[str, Callable[[], None]]] = []
        if s.metrics_namespace:
            optional.append(("measure", self._each(_MEASURE_SECONDS, measure)))
        if s.busy_file:
            optional.append(
                ("busy", self._each(_BUSY_SECONDS, partial(heartbeats.mark_busy, consumers, file=s.busy_file)))
            )
        if self._prompt_list:
            optional.append(("prompt-list", self._each(s.prompt_list_seconds, self._prompt_list.refresh)))
        return [
            *optional,
            # A worker that stops offers nothing any more, but what it still computes is looked after.
            ("alive", partial(heartbeats.every, s.alive_seconds, alive, stop=self._stop)),
            ("visibility", self._each(s.visibility_renew_seconds, partial(heartbeats.renew_visibility, consumers))),
            ("waiting", self._each(_TICK_SECONDS, waiting)),
            ("progress", self._each(min(_TICK_SECONDS, s.progress_min_seconds), progress)),
            ("cancelled", self._each(s.cancel_look_seconds, self._fail_cancelled)),
            *(
                (f"compute-{consumer.queue}", runner.compute)
                for consumer, runner in zip(consumers, self._runners, strict=True)
            ),
        ]

    def _fail_cancelled(self) -> None:
        for finisher in self._finishers:
            finisher.fail_cancelled()

    def _each(self, seconds: float, act: Callable[[], None]) -> Callable[[], None]:
        return partial(heartbeats.every, seconds, act, stop=self._ended)

    def _guarded(self, loop: Callable[[], None]) -> None:
        """A loop that breaks ends the process: whoever runs it starts a whole new one."""
        try:
            loop()
        except Exception:
            log.exception("a part of the worker broke")
            self._broken = True
            self._stop.set()


def _prompt_list(s3: Any, settings: Settings) -> PromptList | None:
    if not settings.prompt_list:
        return None
    return PromptList(s3, bucket=settings.models_bucket, key=settings.prompt_list, copy=settings.prompt_list_copy)


def _guard(settings: Settings) -> Guard:
    """Loaded before any other model: building one while another computes would reach into it. Raises Unfit."""
    if settings.classifier_folder is None:
        return Guard(None, required=False)
    labels, threshold = settings.safety_labels, settings.safety_threshold
    check = PictureCheck(settings.classifier_folder, unsafe=labels, threshold=threshold)
    return Guard(check, required=settings.safety_required)


def _aws_config(settings: Settings) -> Config:
    return Config(
        connect_timeout=5,
        read_timeout=settings.wait_seconds + 10,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=_POOL_THREADS + 8,
    )
