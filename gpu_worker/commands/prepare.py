"""What a machine needs before its first worker: models fetched, and converted into the form that loads fast.

And what they are checked with, where that is wanted.
"""

import time
from functools import partial
from typing import Any

from contract import catalogue
from contract.catalogue import HubSource, Model
from gpu_worker import aws
from gpu_worker.safety.prompt_list import PromptList
from gpu_worker.settings import ModelSettings
from gpu_worker.weights import bucket, sources
from gpu_worker.weights.classifier import Classifier
from gpu_worker.weights.sources import Say, SourceMissing


def prepare(settings: ModelSettings) -> None:
    """Have the weights of the profile's models of this worker's queues in place and checked; says what it does.

    A model that cannot be had is named and left out: the worker offers the others. Raises SourceMissing for files that
    are not those of the catalogue, and for a classifier that is not there: no worker begins without the one that is
    wanted. Raises what S3 raises.
    """
    if settings.classifier:
        _bring_classifier(settings.classifier, settings)
    if settings.prompt_list:
        _bring_prompt_list(settings)
    for model in catalogue.load(settings.profile).models:
        if settings.queue_urls and model.queue not in settings.queue_urls:
            continue
        began = time.monotonic()
        if _is_brought(model, settings):
            sources.ensure_folder(model, settings.models_dir, say=_say(model.title))
            _say(model.title)(f"ready ({time.monotonic() - began:.1f} s)")
        else:
            _say(model.title)("not on this machine in the catalogue's revision; its worker will not offer it")


def _bring_classifier(classifier: Classifier, settings: ModelSettings) -> None:
    say = _say(classifier.id)
    if settings.models_bucket:
        bucket.fetch(_s3(settings), classifier, settings.models_dir, bucket=settings.models_bucket, say=say)
    elif not sources.model_folder(classifier, settings.models_dir).is_dir():
        advice = f"python -m gpu_worker.models fetch --home {settings.home} --classifier {settings.safety_classifier}"
        raise SourceMissing(f"{classifier.id} is not on this machine; run: {advice}")
    say("ready")


def _bring_prompt_list(settings: ModelSettings) -> None:
    """Before the first worker, which goes on with this copy where S3 then does not answer."""
    place, copy = settings.models_bucket, settings.prompt_list_copy
    PromptList(_s3(settings), bucket=place, key=settings.prompt_list, copy=copy).refresh()
    _say(settings.prompt_list)("ready" if copy.is_file() else "cannot be had, and no prompt passes until it can")


def _is_brought(model: Model, settings: ModelSettings) -> bool:
    """Whether the files are on this machine, fetched if need be."""
    if isinstance(model.source, HubSource) and settings.models_bucket:
        say = _say(model.title)
        try:
            bucket.fetch(_s3(settings), model, settings.models_dir, bucket=settings.models_bucket, say=say)
        except SourceMissing as error:
            say(str(error))
    return sources.is_present(model, settings.models_dir)


def _s3(settings: ModelSettings) -> Any:
    return aws.client("s3", endpoint_url=settings.aws_endpoint_url, region=settings.aws_region)


def _say(title: str) -> Say:
    return partial(_print, title)


def _print(title: str, step: str) -> None:
    print(f"{title}: {step}", flush=True)
