"""The catalogue of models that a deployment may run, read from models.toml."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from contract.kinds import Kind

Profile = Literal["demo", "gpu"]
Queue = Literal["text", "image"]

ModelId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,63}$")]
Revision = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]

PIN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}@[0-9a-f]{40}$"
"""A repository of a model hub at one commit, in one word: `owner/name@commit`."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HubSource(_Entry):
    """A repository of a model hub, at one commit."""

    type: Literal["hub"]
    repository: str


class PackageSource(_Entry):
    """A file inside a Python package; the revision is the head of its SHA-256."""

    type: Literal["package"]
    package: str
    version: str
    path: str


class LibrarySource(_Entry):
    """An installed package that needs no weights; the revision is the head of the SHA-256 of `package==version`."""

    type: Literal["library"]
    package: str
    version: str


class OwnSource(_Entry):
    """A folder of this repository; the revision is the head of the SHA-256 over its files."""

    type: Literal["own"]
    path: str


Source = Annotated[HubSource | PackageSource | LibrarySource | OwnSource, Field(discriminator="type")]


class Limit(_Entry):
    """The range that a model narrows a param to, both ends included; of a text it is the number of characters."""

    minimum: float
    maximum: float


class Model(_Entry):
    """One model of the catalogue; a model id never changes its revision."""

    id: ModelId
    title: str
    kinds: tuple[Kind, ...] = Field(min_length=1)
    profile: Profile
    queue: Queue
    licence: str
    source: Source
    revision: Revision
    memory_bytes: int
    """Weights in memory, without what a batch needs."""
    batch: int
    """Rows of the one fixed batch shape of strict mode."""
    limits: dict[str, Limit] = {}
    defaults: dict[str, Any] = {}
    """By param; a param that a kind does not have is ignored for that kind."""
    card: str
    """One or two sentences: what it does well and what it cannot do."""


class Catalogue(_Entry):
    """Every model of one profile, by id."""

    models: tuple[Model, ...]

    def find(self, model_id: str) -> Model | None:
        """The model with this id, or None."""
        return next((model for model in self.models if model.id == model_id), None)


@cache
def load(profile: Profile) -> Catalogue:
    """The models that a deployment of this profile offers: `gpu` offers those of `demo` too."""
    everything = Catalogue.model_validate(tomllib.loads(files("contract").joinpath("models.toml").read_text("utf-8")))
    return Catalogue(models=tuple(m for m in everything.models if profile == "gpu" or m.profile == "demo"))
