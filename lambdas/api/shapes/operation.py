"""Kinds, models, uploads and figures as the API shows them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from contract.catalogue import Limit, Profile, Queue
from contract.kinds import Kind, Medium
from lambdas.api.shapes.base import Answer


class KindOut(Answer):
    """A kind of step; `params` is a JSON Schema in which `x-template` marks what may hold references."""

    kind: Kind
    title: str
    takes: list[Medium]
    makes: Medium
    params: dict[str, Any]


class KindList(Answer):
    """Every kind there is."""

    items: list[KindOut]


class Seconds(Answer):
    """How long recent tasks took."""

    mean: float
    p95: float


class ModelOut(Answer):
    """A model; `available` says whether a worker that can run it was heard of within the last minute."""

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
