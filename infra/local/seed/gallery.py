"""Reads the pipelines of the demo gallery from `pipelines/*.toml`; making and running them is planting's."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OutputOf(_Entry):
    """An image input that takes what an earlier result of this gallery made: its last step's first output."""

    pipeline: str
    """The name of its file, without the ending."""
    result: int = 0


class Result(_Entry):
    """One run that is published."""

    title: str
    seed: int
    inputs: dict[str, str | OutputOf] = {}


class Pipeline(_Entry):
    """One pipeline with its results; inputs and steps are written as a spec has them."""

    title: str
    description: str
    tags: list[str]
    inputs: list[dict[str, Any]] = []
    steps: list[dict[str, Any]]
    results: list[Result]

    def body(self) -> dict[str, Any]:
        """What `POST /pipelines` takes."""
        return {
            "title": self.title,
            "description": self.description,
            "tags": self.tags,
            "spec": {"inputs": self.inputs, "steps": self.steps},
        }


@dataclass(frozen=True)
class Named:
    """A pipeline and the name of its file."""

    name: str
    pipeline: Pipeline


def read() -> list[Named]:
    """Every pipeline in the order of their files' names."""
    folder = files("infra.local.seed").joinpath("pipelines")
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return [
        Named(entry.name.removesuffix(".toml"), Pipeline.model_validate(tomllib.loads(entry.read_text("utf-8"))))
        for entry in found
    ]
