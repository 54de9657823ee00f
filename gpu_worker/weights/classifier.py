"""Which image classifier an operator trusts, and where it lies; it travels from its hub the way models do."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel

from contract.catalogue import PIN, HubSource
from gpu_worker.weights.sources import SourceMissing

_CONFIG = "config.json"
_ARCHITECTURE = "ForImageClassification"
"""What transformers calls the classes that `pictures` loads ends so."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """A repository of a model hub at one commit."""

    repository: str
    revision: str

    @classmethod
    def parse(cls, pin: str) -> Self:
        """The classifier that `owner/name@commit` names; raises ValueError for anything else."""
        if not re.fullmatch(PIN, pin):
            raise ValueError(f"{pin} is not owner/name@commit, with the commit's 40 digits")
        repository, _, revision = pin.partition("@")
        return cls(repository, revision)

    @property
    def id(self) -> str:
        """Its name behind a prefix of its own, which no model of the catalogue has."""
        return f"safety/{self.repository.rpartition('/')[2]}"

    @property
    def source(self) -> HubSource:
        """Where it comes from."""
        return HubSource(type="hub", repository=self.repository)


class _Config(BaseModel):
    architectures: list[str] = []
    id2label: dict[str, str] = {}


def labels_in(folder: Path) -> list[str]:
    """What the classifier in a folder tells apart; raises SourceMissing where there is none."""
    try:
        config = _Config.model_validate_json((folder / _CONFIG).read_bytes())
    except (OSError, ValueError) as error:
        raise SourceMissing(f"its {_CONFIG} cannot be read") from error
    if not any(name.endswith(_ARCHITECTURE) for name in config.architectures):
        raise SourceMissing(f"it is no image classifier of transformers: {', '.join(config.architectures) or _CONFIG}")
    return list(config.id2label.values())
