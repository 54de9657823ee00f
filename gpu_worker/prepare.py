"""What a machine needs once before its first worker: weights converted into the form that loads fast."""

import time
from functools import partial

from contract import catalogue
from contract.catalogue import HubSource
from gpu_worker.models import sources
from gpu_worker.settings import ModelSettings


def prepare(settings: ModelSettings) -> None:
    """Have the weights of every model of the profile in place and checked; says what it does. Raises SourceMissing.

    Models of a hub are left out: their files are brought by whoever sets the machine up.
    """
    for model in catalogue.load(settings.profile).models:
        if isinstance(model.source, HubSource):
            continue
        if not sources.is_present(model, settings.models_dir):
            _say(model.title, "not on this machine in the catalogue's revision; its worker will not offer it")
            continue
        began = time.monotonic()
        sources.folder(model, settings.models_dir, say=partial(_say, model.title))
        _say(model.title, f"ready ({time.monotonic() - began:.1f} s)")


def _say(title: str, step: str) -> None:
    print(f"{title}: {step}", flush=True)  # noqa: T201 -- a command line tool
