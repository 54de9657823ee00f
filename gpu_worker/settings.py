"""What an operator can tune about a worker, read from the environment (`ATELIER_…`); nothing else reads it."""

import os
import socket
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from contract import limits
from contract.catalogue import PIN, Profile, Queue
from gpu_worker.weights.classifier import Classifier
from gpu_worker.weights.sources import model_folder


def share_cores() -> None:
    """Let torch's threads sleep when they wait; to be called before torch is imported.

    OpenMP's default is to spin, which is right on a machine of one's own. Beside a database and a web server on the
    same cores it is ruinous: 24 tokens took 67 s instead of 4 (two cores, two other busy processes).
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # noqa: TID251 -- read by OpenMP itself, once, when it loads


class ModelSettings(BaseSettings):
    """Which models there are, what they are checked with, and where all of it is kept: what `prepare` needs."""

    model_config = SettingsConfigDict(env_prefix="ATELIER_", frozen=True)

    home: Path = Path(".atelier")
    profile: Profile = "demo"
    threads: int = Field(default=0, ge=0)
    """CPU threads of one computation; 0 leaves the choice to torch (one per core)."""
    log_format: Literal["lines", "json"] = "lines"

    aws_endpoint_url: str | None = None
    """Where S3 and SQS answer when it is not AWS."""
    aws_region: str | None = None
    models_bucket: str = ""
    """Where models of a hub are fetched from; without it they are those that stand in `models_dir`."""
    steps_text_queue_url: str = ""
    steps_image_queue_url: str = ""
    """The queues that this worker takes tasks from, one compute thread each; `prepare` takes all when none is named."""

    prompt_list: str = ""
    """The object of `models_bucket` with words that no prompt may have; what it says is taken over as it changes."""
    safety_classifier: str = Field(default="", pattern=rf"^$|{PIN}")
    """`owner/name@commit` of an image classifier that every picture has to pass; it comes from where models do."""

    @model_validator(mode="after")
    def _list_has_its_bucket(self) -> Self:
        if self.prompt_list and not self.models_bucket:
            raise ValueError("ATELIER_PROMPT_LIST: needs ATELIER_MODELS_BUCKET, where the list lies")
        return self

    @property
    def queue_urls(self) -> dict[Queue, str]:
        """The URL of each queue of tasks that this worker serves, by the queue's name in the catalogue."""
        urls: dict[Queue, str] = {"text": self.steps_text_queue_url, "image": self.steps_image_queue_url}
        return {queue: url for queue, url in urls.items() if url}

    @property
    def models_dir(self) -> Path:
        """The folder of models that were converted or fetched."""
        return self.home / "models"

    @property
    def prompt_list_copy(self) -> Path:
        """Where the list of the bucket is kept on this machine."""
        return self.home / "prompts.txt"

    @property
    def classifier(self) -> Classifier | None:
        """What is fetched to judge pictures."""
        return Classifier.parse(self.safety_classifier) if self.safety_classifier else None


class Settings(ModelSettings):
    """Everything that a running worker needs; AWS credentials come from boto3's usual chain."""

    events_queue_url: str
    media_bucket: str

    metrics_namespace: str = ""
    """Where in CloudWatch the metrics stand that go into the log; without it there are none."""

    worker: str = Field(default_factory=socket.gethostname, min_length=1, max_length=200)
    strict: bool | None = None
    """Same bytes alone and in a crowd: one fixed batch shape per model. Absent: on in `demo`."""
    slots: int = Field(default=4, ge=1, le=64)
    """Tasks that a queue's compute thread is meant to compute together."""
    ahead: int = Field(default=4, ge=0, le=64)
    """Tasks taken early, so that the next batch never waits for the network."""
    ahead_cost: dict[Queue, float] = {"text": 1000, "image": 150}
    """Megapixel-steps, as `contract.costs` tells them, beyond which no more tasks are taken, however few they are."""
    switch_seconds: float = Field(default=30, ge=0)
    """How long a task waits at most while others have the models that are loaded already."""
    memory_bytes: int = Field(default=0, ge=0)
    """Room for models that stay loaded; 0 is four fifths of the GPU's memory or half of the machine's."""

    preview_seconds: float = Field(default=1, ge=0)
    """How long a preview of an unfinished picture stays at least before the next is drawn; 0 is for none at all."""

    prompt_filter: Path | None = None
    """A file of words that no prompt may have, one a line; it may change while the worker runs."""
    prompt_list_seconds: float = Field(default=30, gt=0)
    """How often `prompt_list` is looked at."""
    safety_model: Path | None = None
    """The folder of an image classifier that every picture has to pass, for one that no hub has."""
    safety_labels: tuple[str, ...] = ("nsfw",)
    """Its labels that count against a picture."""
    safety_threshold: float = Field(default=0.5, gt=0, le=1)
    safety_required: bool = False
    """Whether pictures that could not be checked are refused."""

    grace_seconds: float = Field(default=2, ge=0)
    """How long a worker that is told to stop goes on with what it can finish by then; machines give it longer."""
    busy_file: Path | None = None
    """A file that is there while the worker has messages in flight, for whoever asks whether its machine may go."""
    wait_seconds: int = Field(default=2, ge=0, le=20)
    """Of a long poll. A worker that stops waits for its last one, which might swallow what it releases; polls of
    2 s cost half a dollar a month."""
    visibility_seconds: int = Field(default=limits.VISIBILITY_SECONDS, ge=1)
    visibility_renew_seconds: float = Field(default=limits.VISIBILITY_RENEW_SECONDS, gt=0)
    received_after_seconds: float = Field(default=limits.RECEIVED_AFTER_SECONDS, ge=0)
    """How long a task may wait here before it is said that it does."""
    received_every_seconds: float = Field(default=limits.RECEIVED_EVERY_SECONDS, gt=0)
    progress_min_seconds: float = Field(default=limits.PROGRESS_MIN_SECONDS, gt=0)
    heartbeat_seconds: float = Field(default=limits.HEARTBEAT_SECONDS, gt=0)
    alive_seconds: float = Field(default=limits.ALIVE_SECONDS, gt=0)
    cancel_look_seconds: float = Field(default=limits.CANCEL_LOOK_SECONDS, gt=0)
    send_patience_seconds: float = Field(default=limits.LEASE_SECONDS, ge=0)
    """How long a final event is tried again while SQS does not answer; beyond its lease nobody waits for it."""

    @model_validator(mode="after")
    def _some_queue_is_named(self) -> Self:
        if not self.queue_urls:
            raise ValueError("ATELIER_STEPS_TEXT_QUEUE_URL, ATELIER_STEPS_IMAGE_QUEUE_URL: needs one of them or both")
        return self

    @model_validator(mode="after")
    def _what_is_required_is_there(self) -> Self:
        if self.safety_required and self.classifier_folder is None:
            raise ValueError("ATELIER_SAFETY_REQUIRED: needs ATELIER_SAFETY_CLASSIFIER or ATELIER_SAFETY_MODEL")
        if self.safety_model and self.safety_classifier:
            raise ValueError("ATELIER_SAFETY_MODEL: there is ATELIER_SAFETY_CLASSIFIER too, and one has to judge")
        if self.prompt_filter and self.prompt_list:
            raise ValueError("ATELIER_PROMPT_FILTER: there is ATELIER_PROMPT_LIST too, and one has to count")
        return self

    @property
    def refused_words(self) -> Path | None:
        """The file of words that no prompt may have, wherever they come from."""
        return self.prompt_list_copy if self.prompt_list else self.prompt_filter

    @property
    def classifier_folder(self) -> Path | None:
        """The folder of what judges pictures, wherever it comes from."""
        return model_folder(self.classifier, self.models_dir) if self.classifier else self.safety_model

    @property
    def seconds_between_previews(self) -> float:
        """0 where pictures are checked too: an unfinished one shows before anybody could judge it."""
        return self.preview_seconds if self.classifier_folder is None else 0

    @property
    def is_strict(self) -> bool:
        """Whether batches have one fixed shape."""
        return self.profile == "demo" if self.strict is None else self.strict
