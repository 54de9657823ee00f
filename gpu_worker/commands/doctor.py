"""`python -m gpu_worker doctor`: whether this machine can be a worker, and what to do where it cannot."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import psutil
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from PIL import Image

from contract import catalogue
from contract.catalogue import HubSource, Model
from contract.keys import new_delivery, output_key
from contract.kinds import KINDS, Kind, TextParams, template_params
from gpu_worker import aws, loading
from gpu_worker.engines.base import Row
from gpu_worker.failures import TaskFailure
from gpu_worker.machine import memory
from gpu_worker.safety.pictures import PictureCheck, Unfit
from gpu_worker.safety.prompts import PromptFilter
from gpu_worker.settings import ModelSettings, Settings
from gpu_worker.weights import bucket, sources
from gpu_worker.weights.cache import ModelCache
from gpu_worker.weights.sources import SourceMissing

_NEEDED_DISK_BYTES = 2 * 1024**3
_GB = 1024**3
_REFUSED = {"AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"}
_ABSENT = {"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "NoSuchBucket"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `advice` says what to do and is empty where all is well."""

    title: str
    detail: str
    advice: str = ""


def examine(settings: ModelSettings) -> Iterator[Finding]:
    """Everything, the quick things first; each is found out when it is asked for.

    Without the settings of a running worker, what they name is left out.
    """
    yield from _machine(settings)
    if isinstance(settings, Settings):
        yield from _access(settings)
        yield from _safety(settings)
    else:
        variables = "ATELIER_STEPS_…_QUEUE_URL, ATELIER_EVENTS_QUEUE_URL and ATELIER_MEDIA_BUCKET"
        yield Finding(
            "queues and media", "not looked at", f"Name them, as whatever starts the worker does: {variables}."
        )
    yield from _models(settings)


def main(settings: ModelSettings) -> int:
    """Print what was found; returns the exit code: 1 when something needs attention."""
    ill = 0
    for finding in examine(settings):
        ill += bool(finding.advice)
        print(f"{'BAD' if finding.advice else 'ok '}  {finding.title}: {finding.detail}", flush=True)
        if finding.advice:
            print(f"     → {finding.advice}", flush=True)
    print(f"\n{ill} need attention." if ill else "\nThis machine can work.")
    return 1 if ill else 0


def _machine(settings: ModelSettings) -> Iterator[Finding]:
    ram = psutil.virtual_memory()
    yield Finding("machine", f"{psutil.cpu_count()} cores, {ram.total / _GB:.0f} GB of memory")
    yield _gpu(settings)
    free = shutil.disk_usage(_existing(settings)).free
    advice = "" if free >= _NEEDED_DISK_BYTES else "Make room, or name another folder: ATELIER_HOME."
    yield Finding("disk", f"{free / _GB:.1f} GB free for models", advice)


def _gpu(settings: ModelSettings) -> Finding:
    import torch

    if torch.cuda.is_available():
        found = torch.cuda.get_device_properties(0)
        return Finding("GPU", f"{found.name}, {found.total_memory / _GB:.0f} GB, torch {torch.__version__}")
    advice = (
        "" if settings.profile == "demo" else "The profile gpu needs an NVIDIA GPU, its driver, and torch for CUDA."
    )
    return Finding("GPU", f"none that torch {torch.__version__} can use", advice)


def _existing(settings: ModelSettings) -> str:
    """The nearest folder of the models that is there already."""
    return str(next(path for path in (settings.models_dir, *settings.models_dir.absolute().parents) if path.exists()))


def _access(settings: Settings) -> Iterator[Finding]:
    sqs, s3 = _client("sqs", settings), _client("s3", settings)
    for name, url in settings.queue_urls.items():
        # A receipt that never was: nothing changes, and the answer tells whether the right is there.
        ask = partial(sqs.change_message_visibility, QueueUrl=url, ReceiptHandle="doctor", VisibilityTimeout=0)
        yield _answer(f"queue {name}", ask, variable=f"ATELIER_STEPS_{name.upper()}_QUEUE_URL")
    ask = partial(sqs.send_message_batch, QueueUrl=settings.events_queue_url, Entries=[])
    yield _answer("queue of events", ask, variable="ATELIER_EVENTS_QUEUE_URL")
    # Sweep deletes deliveries that nobody knows after a day.
    key = output_key(new_delivery(), k=0, extension="txt")
    put = partial(s3.put_object, Bucket=settings.media_bucket, Key=key, Body=b"doctor", ContentType="text/plain")
    yield _answer("writing media", put, variable="ATELIER_MEDIA_BUCKET")
    get = partial(s3.get_object, Bucket=settings.media_bucket, Key=key)
    yield _answer("reading media", get, variable="ATELIER_MEDIA_BUCKET")


def _client(service: Literal["s3", "sqs"], settings: ModelSettings) -> Any:
    config = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})
    return aws.client(service, endpoint_url=settings.aws_endpoint_url, region=settings.aws_region, config=config)


def _answer(title: str, ask: Callable[[], Any], *, variable: str) -> Finding:
    began = time.monotonic()
    try:
        ask()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _REFUSED:
            return Finding(title, f"refused ({code})", "The credentials or the role of this machine do not allow it.")
        if code in _ABSENT:
            return Finding(title, "it does not exist", f"Look at {variable}.")
    except BotoCoreError as error:
        return Finding(
            title, str(error), f"Look at {variable}, ATELIER_AWS_ENDPOINT_URL, the network and the credentials."
        )
    return Finding(title, f"answers in {1000 * (time.monotonic() - began):.0f} ms")


def _safety(settings: Settings) -> Iterator[Finding]:
    """What prompts and pictures are held against, where anything is."""
    if words := settings.refused_words:
        yield _refused_words(words, settings)
    if folder := settings.classifier_folder:
        yield _classifier(folder, settings)


def _refused_words(words: Path, settings: Settings) -> Finding:
    title = "refused words"
    try:
        PromptFilter(words).check(TextParams(prompt="a red apple"))
    except TaskFailure as failure:
        if failure.code == "prompt_refused":
            advice = "A red apple is refused: look for a line that says more than it was meant to."
        elif settings.prompt_list:
            advice = "It is fetched by: python -m gpu_worker prepare."
        else:
            advice = f"Look at {words}."
        return Finding(title, failure.detail, advice)
    return Finding(title, f"{words} can be read")


def _classifier(folder: Path, settings: Settings) -> Finding:
    """Whether it can be loaded, and how long it takes for one picture."""
    title = "classifier of pictures"
    try:
        check = PictureCheck(folder, unsafe=settings.safety_labels, threshold=settings.safety_threshold)
    except Unfit as unfit:
        advice = "Run: python -m gpu_worker prepare, or look at ATELIER_SAFETY_MODEL and ATELIER_SAFETY_LABELS."
        return Finding(title, str(unfit), advice)
    began = time.monotonic()
    verdict = check.verdict([Image.new("RGB", (1024, 1024), "white")])
    return Finding(title, f"{verdict.checker} judges a picture in {1000 * (time.monotonic() - began):.0f} ms")


def _models(settings: ModelSettings) -> Iterator[Finding]:
    known = catalogue.load(settings.profile)
    room = (settings.memory_bytes if isinstance(settings, Settings) else 0) or memory.room_for_models()
    build = partial(loading.build, threads=settings.threads)
    models = ModelCache(known, models_dir=settings.models_dir, memory_bytes=room, build=build)
    yield Finding("memory for models", f"{room / _GB:.1f} GB")
    for model in known.models:
        if settings.queue_urls and model.queue not in settings.queue_urls:
            continue
        if not sources.is_present(model, settings.models_dir):
            yield _absent(model, settings)
        elif model.memory_bytes > room:
            detail = f"takes {model.memory_bytes / _GB:.1f} GB of memory"
            yield Finding(model.id, detail, "It needs a larger GPU; other models would have to go for it each time.")
        else:
            yield from (_speed(models, model, kind) for kind in model.kinds)


def _absent(model: Model, settings: ModelSettings) -> Finding:
    """What to do about a model that is not here: where it could come from, and whether it is there."""
    prepare = "Run: python -m gpu_worker prepare."
    if not isinstance(model.source, HubSource):
        return Finding(model.id, "not on this machine in the catalogue's revision", prepare)
    if not settings.models_bucket:
        advice = f"Run: python -m gpu_worker.models fetch --home {settings.home} --model {model.id}"
        return Finding(model.id, "not on this machine", advice)
    try:
        manifest = bucket.read_manifest(_client("s3", settings), model, bucket=settings.models_bucket)
    except (BotoCoreError, ClientError, SourceMissing) as error:
        return Finding(model.id, f"not on this machine; {error}", "Look at ATELIER_MODELS_BUCKET and the credentials.")
    if manifest is None:
        advice = f"Run: python -m gpu_worker.models sync --bucket {settings.models_bucket} --model {model.id}"
        return Finding(model.id, "neither on this machine nor in the models' bucket", advice)
    size = sum(file.bytes for file in manifest.files)
    return Finding(model.id, f"in the models' bucket ({size / _GB:.1f} GB), not on this machine yet", prepare)


def _speed(models: ModelCache, model: Model, kind: Kind) -> Finding:
    """How long loading took, and one full batch."""
    title = f"{model.id}, {kind}"
    rows = [Row(_params(model, kind), seed=seed, picture=_picture(model)) for seed in range(model.batch)]
    try:
        began = time.monotonic()
        models.load(model)
        loaded = time.monotonic()
        with models.engine(model, kind) as engine:
            made = sum(1 for _ in engine.run(rows, size=model.batch, on_step=lambda _i, _fraction: True))
    except TaskFailure as failure:
        return Finding(title, failure.detail, "The log above says why.")
    seconds = time.monotonic() - loaded
    return Finding(title, f"loaded in {loaded - began:.1f} s, {made} made in {seconds:.2f} s")


def _params(model: Model, kind: Kind) -> Any:
    fields = KINDS[kind].params.model_fields
    values = {name: value for name, value in model.defaults.items() if name in fields}
    words = {name: "a red apple" for name in template_params(kind) if fields[name].is_required()}
    return KINDS[kind].params.model_validate(words | values | ({"max_tokens": 16} if "max_tokens" in fields else {}))


def _picture(model: Model) -> Image.Image:
    size = (int(model.defaults.get("width", 64)), int(model.defaults.get("height", 64)))
    return Image.new("RGB", size, "white")
