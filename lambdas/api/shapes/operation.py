"""Kinds, models, uploads, figures and health as the API shows them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from contract.catalogue import HubSource, LibrarySource, Limit, Model, OwnSource, PackageSource, Profile, Queue
from contract.kinds import Kind, KindInfo, Medium
from contract.version import VERSION
from lambdas.actions import figures
from lambdas.api.shapes.base import Answer
from lambdas.store.stats import Speed


class KindOut(Answer):
    """A kind of step; `params` is a JSON Schema in which `x-template` marks what may hold references."""

    kind: Kind
    title: str
    takes: list[Medium]
    makes: Medium
    params: dict[str, Any]

    @classmethod
    def of(cls, info: KindInfo) -> "KindOut":
        """The answer for a kind of the contract."""
        return cls(
            kind=info.kind,
            title=info.title,
            takes=list(info.takes),
            makes=info.makes,
            params=info.params.model_json_schema(),
        )


class KindList(Answer):
    """Every kind there is."""

    items: list[KindOut]


class Seconds(Answer):
    """How long recent tasks were computed."""

    mean: float
    p95: float

    @classmethod
    def of(cls, speed: Speed | None) -> "Seconds | None":
        """A model's speed in milliseconds' precision; None before its first task."""
        return speed and cls(mean=round(speed.mean, 3), p95=round(speed.p95, 3))


class ModelOut(Answer):
    """A model; `available` says whether a worker that can run it sent a heartbeat within the last minute."""

    id: str
    title: str
    kinds: list[Kind]
    profile: Profile
    queue: Queue
    licence: str
    source: str
    revision: str
    card: str
    limits: dict[str, Limit]
    defaults: dict[str, Any]
    available: bool
    seconds: Seconds | None

    @classmethod
    def of(cls, model: Model, *, available: bool, speed: Speed | None) -> "ModelOut":
        """The answer for a model of the catalogue and what is known of it here."""
        return cls(
            id=model.id,
            title=model.title,
            kinds=list(model.kinds),
            profile=model.profile,
            queue=model.queue,
            licence=model.licence,
            source=_source(model),
            revision=model.revision,
            card=model.card,
            limits=model.limits,
            defaults=model.defaults,
            available=available,
            seconds=Seconds.of(speed),
        )


def _source(model: Model) -> str:
    match model.source:
        case HubSource(repository=repository):
            return repository
        case PackageSource(package=package, version=version) | LibrarySource(package=package, version=version):
            return f"{package} {version}"
        case OwnSource(path=path):
            return path


class ModelList(Answer):
    """Every model of this deployment."""

    items: list[ModelOut]


class Upload(Answer):
    """An uploaded picture, to be used as an image input before it expires."""

    id: UUID
    width: int
    height: int
    expires_at: datetime


class ModelFigures(Answer):
    """What a model has done; `seconds` is null before its first task."""

    id: str
    tasks: int
    seconds: Seconds | None


class QueueFigures(Answer):
    """The live workers of a queue, together."""

    queue: str
    alive: int
    busy: int
    ram_bytes: int


class Stats(Answer):
    """How much there is, and who works."""

    images: int
    texts: int
    runs: int
    results: int
    accounts: int
    models: list[ModelFigures]
    workers: list[QueueFigures]

    @classmethod
    def of(cls, found: figures.Stats) -> "Stats":
        """The answer for the figures of this deployment."""
        totals = found.totals
        return cls(
            images=totals.images,
            texts=totals.texts,
            runs=totals.runs,
            results=totals.results,
            accounts=totals.accounts,
            models=[
                ModelFigures(id=model, tasks=count, seconds=Seconds.of(found.speeds.get(model)))
                for model, count in sorted(found.tasks.items())
            ],
            workers=[QueueFigures.model_validate(row) for row in found.workers],
        )


class Health(Answer):
    """What answers; `workers` has the number of live workers of each queue.

    A worker lives while its reports arrive: they come through the queues and `advance`, so those are at work too.
    """

    version: str
    api: Literal["ok"]
    database: Literal["ok"]
    workers: dict[Queue, int]

    @classmethod
    def of(cls, alive: Mapping[str, int]) -> "Health":
        """The answer when the database has answered how many workers live."""
        return cls(
            version=VERSION, api="ok", database="ok", workers={queue: alive.get(queue, 0) for queue in get_args(Queue)}
        )
