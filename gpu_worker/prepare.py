"""What a machine needs before its first worker: models fetched, and converted into the form that loads fast."""

import time
from functools import partial
from typing import Any

import boto3

from contract import catalogue
from contract.catalogue import HubSource, Model
from gpu_worker.models import bucket, sources
from gpu_worker.models.sources import SourceMissing
from gpu_worker.settings import ModelSettings


def prepare(settings: ModelSettings) -> None:
    """Have the weights of the profile's models of this worker's queues in place and checked; says what it does.

    A model that cannot be had is named and left out: the worker offers the others. Raises SourceMissing for files that
    are not those of the catalogue, and what S3 raises.
    """
    for model in catalogue.load(settings.profile).models:
        if settings.queue_urls and model.queue not in settings.queue_urls:
            continue
        began = time.monotonic()
        if _is_brought(model, settings):
            sources.folder(model, settings.models_dir, say=partial(_say, model))
            _say(model, f"ready ({time.monotonic() - began:.1f} s)")
        else:
            _say(model, "not on this machine in the catalogue's revision; its worker will not offer it")


def _is_brought(model: Model, settings: ModelSettings) -> bool:
    """Whether the files are on this machine, fetched if need be."""
    if isinstance(model.source, HubSource) and settings.models_bucket:
        make: Any = boto3.client  # its stubs know no service by a plain string
        s3 = make("s3", endpoint_url=settings.endpoint_url, region_name=settings.region)
        try:
            bucket.fetch(s3, model, settings.models_dir, bucket=settings.models_bucket, say=partial(_say, model))
        except SourceMissing as error:
            _say(model, str(error))
    return sources.is_present(model, settings.models_dir)


def _say(model: Model, step: str) -> None:
    print(f"{model.title}: {step}", flush=True)  # noqa: T201 -- a command line tool
