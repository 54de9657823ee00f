"""The other side of the queues: sends requests to a worker and collects its events, as the database's side would."""

import json
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from contract.catalogue import Model
from contract.keys import cancel_key
from contract.messages import EVENT, TASK_REQUESTED, Alive, TaskEvent
from gpu_worker.queue.in_flight import Delivery, Receipt
from gpu_worker.settings import Settings
from tests.gpu_worker.models import CACHE, TEXT_MODEL, TINY
from tests.services.ministack import a_bucket, a_queue, aws
from tests.wait import until

FINAL = ("succeeded", "failed", "released")


class Site:
    """One bucket, two queues of tasks, one for events."""

    def __init__(self, endpoint: str, *, visibility_seconds: int = 60) -> None:
        self.endpoint = endpoint
        self.sqs = aws("sqs", endpoint)
        self.s3 = aws("s3", endpoint)
        self.bucket = a_bucket(endpoint)
        self.queues = {
            name: a_queue(endpoint, f"steps-{name}", visibility_seconds=visibility_seconds)
            for name in ("text", "image")
        }
        self.events_url = a_queue(endpoint, "events")
        self._events: list[TaskEvent] = []
        self._alive: list[Alive] = []
        self._tokens: dict[UUID, str] = {}
        self._reading = threading.Lock()

    def settings(self, *, queues: Mapping[str, str] | None = None, **changes: Any) -> Settings:
        """A worker's settings for this site, with short times; it serves both queues, or these by name."""
        values: dict[str, Any] = {
            **{f"steps_{name}_queue_url": url for name, url in (queues or self.queues).items()},
            "events_queue_url": self.events_url,
            "media_bucket": self.bucket,
            "aws_endpoint_url": self.endpoint,
            "aws_region": "us-east-1",
            "home": CACHE,
            "worker": "w1",
            "wait_seconds": 1,
            "progress_min_seconds": 0.1,
            "received_after_seconds": 600,
            "cancel_look_seconds": 0.1,
            "send_patience_seconds": 5,
        }
        return Settings(**(values | changes))

    def environment(self, **changes: Any) -> dict[str, str]:
        """The same settings as the environment of a worker process."""
        settings = self.settings(**changes).model_dump(mode="json", exclude_none=True)
        return {
            f"ATELIER_{name.upper()}": json.dumps(value) if isinstance(value, dict | list) else str(value)
            for name, value in settings.items()
        }

    def send(self, queue: str, request: dict[str, Any] | str) -> UUID | None:
        """Put a request, or any body at all, on a queue; returns its task."""
        body = request if isinstance(request, str) else json.dumps(request)
        self.sqs.send_message(QueueUrl=self.queues[queue], MessageBody=body)
        if isinstance(request, str):
            return None
        task = UUID(request["task"])
        self._tokens[task] = request["token"]
        return task

    def put(self, key: str, data: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)

    def get(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def head(self, key: str) -> dict[str, Any]:
        return self.s3.head_object(Bucket=self.bucket, Key=key)

    def keys(self, prefix: str = "") -> set[str]:
        """Every key of the bucket under a prefix."""
        return {item["Key"] for item in self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])}

    def cancel(self, task: UUID) -> None:
        """Tell workers to leave a task that was sent."""
        self.put(cancel_key(task, token=self._tokens[task]), b"")

    def events(self, task: UUID | None) -> list[Any]:
        """The events about a task so far, in the order in which they came."""
        self._read()
        return [event for event in self._events if event.task == task]

    def kinds(self, task: UUID | None) -> list[str]:
        """The names of a task's events without those of progress."""
        return [event.event for event in self.events(task) if event.event != "progress"]

    def alive(self) -> list[Alive]:
        self._read()
        return list(self._alive)

    def wait_for(self, task: UUID | None, *names: str, times: int = 1, seconds: float = 120) -> Any:
        """The last of a task's events of these names, once there are `times` of them."""

        def found() -> Any:
            events = [event for event in self.events(task) if event.event in names]
            return events[-1] if len(events) >= times else None

        return until(found, seconds=seconds)

    def final(self, task: UUID | None) -> Any:
        """The event that ends a task's delivery."""
        return self.wait_for(task, *FINAL)

    def waiting(self, queue: str) -> int:
        """Messages that are visible on a queue."""
        return self._count(queue, "ApproximateNumberOfMessages")

    def in_flight(self, queue: str) -> int:
        """Messages that some worker has received and not deleted."""
        return self._count(queue, "ApproximateNumberOfMessagesNotVisible")

    def is_clean(self, queue: str) -> bool:
        """Whether nothing is on the queue any more, visible or not."""
        return self.waiting(queue) == 0 and self.in_flight(queue) == 0

    def _count(self, queue: str, attribute: str) -> int:
        answer = self.sqs.get_queue_attributes(QueueUrl=self.queues[queue], AttributeNames=[attribute])
        return int(answer["Attributes"][attribute])

    def _read(self) -> None:
        with self._reading:
            while messages := self.sqs.receive_message(QueueUrl=self.events_url, MaxNumberOfMessages=10).get(
                "Messages", []
            ):
                for message in messages:
                    event = EVENT.validate_json(message["Body"])
                    if isinstance(event, Alive):
                        self._alive.append(event)
                    else:
                        self._events.append(event)
                    self.sqs.delete_message(QueueUrl=self.events_url, ReceiptHandle=message["ReceiptHandle"])


def a_request(model: Model, kind: str, params: dict[str, Any], seeds: Sequence[int], **more: Any) -> dict[str, Any]:
    """A request for a step of this model, as the database's side sends it."""
    return {
        "v": 1,
        "run": str(uuid4()),
        "task": str(uuid4()),
        "attempt": 1,
        "token": uuid4().hex,
        "deadline": (datetime.now(tz=UTC) + timedelta(hours=1)).isoformat(),
        "step": "step",
        "model": model.id,
        "revision": model.revision,
        "seeds": list(seeds),
        "kind": kind,
        "params": params,
        **more,
    }


def a_text_request(prompt: str = "Describe a red fox.", *, seed: int = 7, max_tokens: int = 8, **more: Any) -> Any:
    return a_request(TEXT_MODEL, "text", {"prompt": prompt, "max_tokens": max_tokens}, [seed], **more)


def an_image_request(
    prompt: str = "a red fox", *, seeds: Sequence[int] = (7,), params: dict[str, Any] | None = None, **more: Any
) -> Any:
    values = {"prompt": prompt, "width": 32, "height": 32, "denoise_steps": 4, "guidance": 3.0, "count": len(seeds)}
    return a_request(TINY, "image", values | (params or {}), seeds, **more)


def an_edit_request(
    image: str, *, prompt: str = "a red fox", seeds: Sequence[int] = (7,), params: dict[str, Any] | None = None,
    **more: Any,
) -> Any:  # fmt: skip
    values = {"prompt": prompt, "image": image, "denoise_steps": 4, "guidance": 3.0, "strength": 0.5}
    return a_request(TINY, "edit", values | (params or {}), seeds, **more)


def a_delivery(rows: int = 1, *, cost: float = 0) -> Delivery:
    """The delivery of a request for so many pictures, as a receiver makes it."""
    request = TASK_REQUESTED.validate_python(an_image_request(seeds=range(rows)))
    return Delivery(receipt=Receipt(request.task, 1, "t"), request=request, receipt_handle="r", cost=cost)
