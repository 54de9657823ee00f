"""Messages between the functions and the workers: one request, seven events; the queues that carry them are elsewhere.

Functions and workers are deployed one after the other, so either may be a release behind. From version 0.1.0 on:

- Fields are only ever added, and always optional; none is removed, renamed or given another meaning or range.
- A reader passes over fields that it does not know, and over events of a kind that it does not know.
- What a worker that passes over it would do *wrongly* (other outputs, not just fewer hints) is put into a request only
  while every live worker of that queue names a protocol that covers it in `alive`. Whoever adds such a field raises
  `contract.limits.PROTOCOL`.

`tests/contract/recorded/` keeps what each version sent; tests read it with today's code.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, Self, Union
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    create_model,
    model_validator,
)

from contract.catalogue import ModelId, Revision
from contract.kinds import KINDS, KindInfo, Params
from contract.limits import MAX_ATTEMPTS, MAX_COUNT, MAX_SEED, MAX_TOKEN_CHARACTERS, MESSAGE_VERSION
from contract.text import Name

Delivery = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Message(_Part):
    v: Literal[1] = MESSAGE_VERSION


class TaskRequested(_Message):
    """One attempt at a task, resolved so far that a worker needs nothing else; each kind has its own `params`.

    `seeds` holds one seed per output; `deadline` is when this message is too old to start. Where the params have an
    `image`, it is the key of the picture in the media bucket.
    """

    run: UUID
    task: UUID
    attempt: Annotated[int, Field(ge=1, le=MAX_ATTEMPTS)]
    token: Annotated[str, Field(max_length=MAX_TOKEN_CHARACTERS)]
    deadline: AwareDatetime
    step: Name
    model: ModelId
    revision: Revision
    seeds: Annotated[list[Seed], Field(min_length=1, max_length=MAX_COUNT)]
    kind: str
    params: Params

    @model_validator(mode="after")
    def _each_output_has_its_seed(self) -> Self:
        wanted = getattr(self.params, "count", 1)
        if len(self.seeds) != wanted:
            raise ValueError(f"seeds: one for each of the {wanted} outputs")
        return self


def _of_kind(info: KindInfo) -> type[TaskRequested]:
    fields: dict[str, Any] = {"kind": (Literal[info.kind.value], ...), "params": (info.params, ...)}
    return create_model(f"{info.kind.value.capitalize()}Requested", __base__=TaskRequested, **fields)


_OF_EVERY_KIND: Any = Union[tuple(map(_of_kind, KINDS.values()))]  # noqa: UP007 -- X | Y takes no list
TASK_REQUESTED: TypeAdapter[TaskRequested] = TypeAdapter(
    Annotated[_OF_EVERY_KIND, Field(discriminator="kind")]  # pyright: ignore -- a type that is computed
)


def read_request(body: str) -> TaskRequested:
    """The request in a message's body, without fields that this version does not know; raises ValidationError."""
    # Params refuse unknown fields where people write them, in a spec; here the sender may be newer.
    return TASK_REQUESTED.validate_json(body, extra="ignore")


class TextOutput(_Part):
    """A text that a delivery wrote; `text` is whole up to 64 KB of UTF-8."""

    type: Literal["text"] = "text"
    key: str
    text: str
    characters: int
    bytes: int


class ImageOutput(_Part):
    """A picture that a delivery wrote, with its thumbnail; sizes in pixels, `thumbhash` in base64."""

    type: Literal["image"] = "image"
    key: str
    thumb_key: str
    width: int
    height: int
    bytes: int
    thumbhash: str


Output = Annotated[TextOutput | ImageOutput, Field(discriminator="type")]


class Safety(_Part):
    """What a classifier thought of a delivery's pictures: `score` is how unsafe it found the worst, 0 to 1."""

    checker: str
    score: Annotated[float, Field(ge=0, le=1)]
    passed: bool


class _Event(_Message):
    worker: str
    sent_at: datetime


class Alive(_Event):
    """A worker's sign of life, every 20 s."""

    event: Literal["alive"] = "alive"
    queue: Literal["text", "image"]
    slots: Annotated[int, Field(ge=1)]
    busy: Annotated[int, Field(ge=0)]
    models: list[str]
    """Every model that this worker can run, loaded or not."""
    ram_bytes: int
    vram_bytes: int
    protocol: Annotated[int, Field(ge=0)] = 0
    """The `contract.limits.PROTOCOL` that the worker was built with; 0 is a worker from before 0.1.0."""


class _TaskEvent(_Event):
    task: UUID
    attempt: int
    token: str
    delivery: Delivery


class Received(_TaskEvent):
    """A worker has the task and cannot begin yet: sent some seconds after its receipt and repeated while it waits."""

    event: Literal["received"] = "received"


class Started(_TaskEvent):
    """A worker begins to compute the task under this delivery."""

    event: Literal["started"] = "started"


class Progress(_TaskEvent):
    """How far the delivery is, 0 to 1; also its heartbeat. `seq` grows within a delivery.

    `preview` is the key of a small picture of what is under way; the worker deletes it before the task is done.
    """

    event: Literal["progress"] = "progress"
    seq: Annotated[int, Field(ge=1)]
    fraction: Annotated[float, Field(ge=0, le=1)]
    preview: Annotated[str, Field(pattern=r"^media/[0-9a-f]{32}/[A-Za-z0-9._-]{1,100}$")] | None = None


class Succeeded(_TaskEvent):
    """The task's outputs; `seconds` is the time from receipt to the last upload, `batch` the rows computed together.

    `computed_seconds` is the part of it from `started` to the last output, without waiting and uploads; None is a
    worker that does not know the field, whose `started` meant receipt.

    `hardware` names what they were computed on: with the versions of the code, all that the last bits turn on.
    """

    event: Literal["succeeded"] = "succeeded"
    seconds: Annotated[float, Field(ge=0)]
    computed_seconds: Annotated[float, Field(ge=0)] | None = None
    batch: Annotated[int, Field(ge=1)] = 1
    hardware: Annotated[str, Field(max_length=200)] = ""
    outputs: Annotated[list[Output], Field(min_length=1, max_length=MAX_COUNT)]
    safety: Safety | None = None
    """None where nobody judged: texts, and pictures of a worker without a check."""


class Failed(_TaskEvent):
    """The delivery failed; `detail` is a sentence for a beginner."""

    event: Literal["failed"] = "failed"
    code: Code
    detail: Annotated[str, Field(max_length=1000)]
    retryable: bool
    safety: Safety | None = None


class Released(_TaskEvent):
    """The worker gives the task back unharmed: it is requeued and the try does not count."""

    event: Literal["released"] = "released"


TaskEvent = Received | Started | Progress | Succeeded | Failed | Released
Event = Annotated[Alive | TaskEvent, Field(discriminator="event")]
EVENT: TypeAdapter[Alive | TaskEvent] = TypeAdapter(Event)


def read_event(body: str) -> Alive | TaskEvent | None:
    """The event in a message's body; None for one of a kind that this version does not know.

    Raises ValidationError for everything else that is no event.
    """
    try:
        return EVENT.validate_json(body)
    except ValidationError as error:
        if _is_of_unknown_kind(error):
            return None
        raise


def _is_of_unknown_kind(error: ValidationError) -> bool:
    (first, *_) = error.errors(include_url=False, include_context=False)
    return first["type"] == "union_tag_invalid" and not first["loc"] and isinstance(first["input"]["event"], str)
