"""What an operator decides about a stage; read from the app's context, checked whole, and reported in one line."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contract.catalogue import PIN, Profile, Queue
from contract.limits import LEASE_SECONDS

QUEUES: tuple[Queue, ...] = get_args(Queue)

StageName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,11}$")]
InstanceType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*\.[a-z0-9]+$")]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _./-]{0,63}$")]
"""Of a classifier. Machines are told it as JSON, between single quotes of the shell and of systemd."""
LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 180, 365, 731, 1827, 3653]

_MEMORY_GIB = {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32}
_CONNECTIONS_PER_GIB = 80
"""Of `max_connections`, which the stack sets: what RDS sets by itself is some hundred of the memory that its own
processes leave, and nobody knows beforehand how much that is.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
"""
_FOR_FUNCTIONS = 0.85
"""The share of them that functions may take; the rest is for the server itself and for people."""
_ANSWER_SECONDS = 1
"""What requests may take before more of them run at one time than the throttle was meant to let: most take 0.04 s."""


_NOT_FOR_THE_IMAGE = ("g4ad.", "g5g.", "p6e-")
"""With GPUs of AMD, or processors of ARM: the machine image has drivers and programs for neither."""
_OTHER_PARTITIONS = ("cn-", "us-gov-", "us-iso")
"""Their CloudFront, certificates and names of services are others, and nothing here was tried there."""


class SettingsInvalid(Exception):
    """One line that names the setting and says what is wrong with it."""


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Domain(_Group):
    """The site's own name."""

    name: Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$")]
    """Where people find the site; the API's own name is `api.` before it."""
    zone: Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$")]
    """The hosted zone of Route 53 that the name lies in."""
    zone_id: Annotated[str, Field(pattern=r"^Z[A-Z0-9]{5,31}$")]
    certificate_arn: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/.+$")] | None = (
        None
    )
    """A certificate in us-east-1 for CloudFront; without it one is made and validated through the zone."""

    @model_validator(mode="after")
    def _lies_in_zone(self) -> Self:
        if self.name != self.zone and not self.name.endswith(f".{self.zone}"):
            raise ValueError(f"domain.name: {self.name} does not lie in the zone {self.zone}")
        return self


class Network(_Group):
    """What the VPC has beyond what it needs."""

    zones: int = Field(default=2, ge=2, le=3)
    flow_logs: bool = False
    endpoints: bool = False
    """Interface endpoints for what functions call, at some $8 a month and zone each: no way out of the VPC is left."""


class Database(_Group):
    """The size and the safety of PostgreSQL."""

    size: Literal["micro", "small", "medium", "large", "xlarge", "2xlarge"] = "micro"
    storage_gib: int = Field(default=20, ge=20, le=65_536)
    max_storage_gib: int = Field(default=100, ge=22, le=65_536)
    multi_az: bool = False
    proxy: bool = False
    """RDS Proxy, at some $22 a month: connections outlive a failover, and those that cannot be had at once wait."""
    backup_days: int = Field(default=14, ge=1, le=35)

    @model_validator(mode="after")
    def _may_grow(self) -> Self:
        # RDS refuses to grow by less than a tenth.
        if self.max_storage_gib < self.storage_gib * 1.1:
            raise ValueError("database.max_storage_gib: must exceed database.storage_gib by a tenth at least")
        return self

    @property
    def max_connections(self) -> int:
        """How many the server allows."""
        return _MEMORY_GIB[self.size] * _CONNECTIONS_PER_GIB

    @property
    def connections(self) -> int:
        """How many of them functions may hold at one time."""
        return int(self.max_connections * _FOR_FUNCTIONS)


class Api(_Group):
    """How much the functions may do at one time."""

    requests_per_second: int = Field(default=25, ge=1, le=10_000)
    burst: int = Field(default=35, ge=1, le=5_000)
    """So many requests may come in one moment, and the next ones by the second."""
    memory_mib: int = Field(default=1_769, ge=512, le=10_240)
    """1,769 MiB are one whole core."""
    advance_concurrency: int = Field(default=5, ge=2, le=1_000)
    """How many batches of events are handled at one time."""
    lease_seconds: int = Field(default=LEASE_SECONDS, ge=60, le=3_600)
    """How long a worker may be silent about a task before the next attempt; it reports every 15 s."""
    reserved_concurrency: int | None = Field(default=None, ge=1, le=1_000)
    """How many requests are answered at one time, whatever others in the account do; new accounts refuse it."""

    @property
    def at_once(self) -> int:
        """How many requests are answered at one time, by the reserved concurrency or else by the throttle."""
        return self.reserved_concurrency or self.burst + self.requests_per_second * _ANSWER_SECONDS


class Media(_Group):
    """How long things stay in the buckets."""

    upload_hours: int = Field(default=24, ge=1, le=24 * 30)
    unpublished_days: int | None = Field(default=None, ge=1)
    """Runs that nobody published are deleted after so many days; absent: never."""
    old_version_days: int = Field(default=30, ge=1)
    """How long what was deleted or overwritten can be brought back."""


class Quotas(_Group):
    """What accounts may do, and how long their sessions last."""

    guests_per_network_day: int = Field(default=5, ge=0)
    """Guest accounts that a /24 or /56 may make in a day."""
    guest_tasks_per_network_day: int = Field(default=20, ge=0)
    """Tasks that the guests of such a network may start in a day."""
    session_days: int = Field(default=30, ge=1, le=400)
    """Browsers keep no cookie for longer than 400 days."""


class Workers(_Group):
    """The machines of one queue."""

    instances: int = Field(default=2, ge=0, le=1_000)
    """At most; none run while nothing waits."""
    types: tuple[InstanceType, ...] = Field(
        default=("g6.xlarge", "g5.xlarge", "g6.2xlarge", "g5.2xlarge"), min_length=1
    )
    on_demand: int = Field(default=0, ge=0)
    """So many of them, before any other, are not spot machines."""
    disk_gib: int = Field(default=150, ge=100, le=16_384)
    tasks_per_instance: int = Field(default=8, ge=1)
    """The backlog that one machine is meant to have."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.on_demand > self.instances:
            raise ValueError("on_demand: must not exceed instances")
        if len(set(self.types)) < len(self.types):
            raise ValueError("types: names one twice")
        for name in self.types:
            if not name.startswith(("g", "p")) or name.startswith(_NOT_FOR_THE_IMAGE):
                raise ValueError(f"types: {name} does not have an NVIDIA GPU beside an x86 processor")
        return self


class Safety(_Group):
    """What workers refuse to make; nothing until an operator wants it."""

    prompts: bool = False
    """Whether prompts are held against the list in the models bucket; while there is none, no prompt passes."""
    classifier: Annotated[str, Field(pattern=PIN)] | None = None
    """What judges each picture before it is stored: `owner/name@commit`, synced into the models bucket."""
    labels: tuple[Label, ...] = Field(default=("nsfw",), min_length=1, max_length=32)
    """Those of the classifier's labels that count against a picture."""
    threshold: float = Field(default=0.5, gt=0, le=1)
    """Their share, together, from which a picture is refused."""
    required: bool = True
    """Whether a picture that could not be judged is refused."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("safety.labels: names one twice")
        for name in ("labels", "threshold", "required"):
            if self.classifier is None and name in self.model_fields_set:
                raise ValueError(f"safety.{name}: needs safety.classifier")
        return self


class Emulator(_Group):
    """What stands in for AWS in the tests."""

    database_url: str
    """Of the schema's owner on a PostgreSQL that the functions can reach."""
    endpoint_url: str
    """Where everything else of AWS answers."""
    platform: str = Field(pattern=r"^(x86_64|aarch64)$")
    python: str = Field(pattern=r"^3\.\d+$")
    """Of the machine that the functions run on."""

    def app_database_url(self, user: str) -> str:
        """The same database for another user: one that the server trusts without a password."""
        scheme, _, rest = self.database_url.partition("://")
        return f"{scheme}://{user}@{rest.rpartition('@')[2]}"


class StageSettings(_Group):
    """One deployment: everything that may differ between two of them."""

    stage: StageName
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    profile: Profile = "gpu"
    """The models of the catalogue that are offered."""
    domain: Domain | None = None
    network: Network = Network()
    database: Database = Database()
    api: Api = Api()
    media: Media = Media()
    quotas: Quotas = Quotas()
    workers: dict[Queue, Workers] = {"text": Workers(), "image": Workers()}
    safety: Safety = Safety()
    log_days: LogDays = 30
    waf: bool = False
    alarm_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None
    monthly_budget_usd: int | None = Field(default=None, ge=1)
    retain: bool = True
    """Whether the database and what people made outlive the stacks; then the database is protected from deletion."""
    emulator: Emulator | None = None

    @property
    def emulated(self) -> bool:
        """Whether the stage is for MiniStack: what that cannot hold is left out, and nothing else."""
        return self.emulator is not None

    @property
    def prefix(self) -> str:
        """What the names of everything in this stage begin with."""
        return f"atelier-{self.stage}"

    @property
    def metrics_namespace(self) -> str:
        """Where in CloudWatch the stage's own metrics stand."""
        return f"Atelier/{self.stage}"

    def group_name(self, queue: str) -> str:
        """The auto scaling group of a queue: known before it exists, so that sweep's role can name it."""
        return f"{self.prefix}-{queue}"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for faulty, line in self._contradictions():
            if faulty:
                raise ValueError(line)
        return self

    def _contradictions(self) -> list[tuple[bool, str]]:
        missing = [queue for queue in QUEUES if queue not in self.workers]
        return [
            (self.region.startswith(_OTHER_PARTITIONS), f"region: {self.region} is not one of AWS's public regions"),
            (bool(missing), f"workers: {', '.join(missing)} missing"),
            self._too_many_at_once(),
            (self.emulated and self.database.proxy, "database.proxy: the emulator has none"),
            (self.emulated and self.domain is not None, "domain: the emulator has none"),
            (self.emulated and self.network.flow_logs, "network.flow_logs: the emulator has none"),
            (self.emulated and self.network.endpoints, "network.endpoints: the emulator has none"),
            (self.emulated and self.waf, "waf: the emulator has none"),
        ]

    def _too_many_at_once(self) -> tuple[bool, str]:
        """Each function that runs holds one connection, with a proxy too: its session settings pin one to it."""
        name = "reserved_concurrency" if self.api.reserved_concurrency else "burst and api.requests_per_second"
        # Beside the requests: a batch of events each, sweep, and migrate.
        room = self.database.connections - self.api.advance_concurrency - 2
        advice = f"database.size {self.database.size} leaves {room} connections: lower them, or choose a larger size"
        return self.api.at_once > room, f"api.{name}: {self.api.at_once} requests at one time, but {advice}"


def read_stages(context: Mapping[str, Any]) -> list[StageSettings]:
    """The stages to synthesize: that of the context's `stage`, or all. Raises SettingsInvalid.

    They stand under `stages` in cdk.json, or in the JSON file that the context's `settings` names.
    """
    source, stages = _source(context)
    if not isinstance(stages, dict) or not stages:
        raise SettingsInvalid(f"{source}: stages: must name at least one stage")
    wanted = context.get("stage")
    if wanted is not None and wanted not in stages:
        raise SettingsInvalid(f"{source}: stages: there is no stage {wanted!r}, only {', '.join(stages)}")
    names = [wanted] if wanted is not None else list(stages)
    return [parse_stage(name, stages[name], source=source) for name in names]


def parse_stage(name: str, values: Any, *, source: str = "cdk.json") -> StageSettings:
    """One stage's settings; raises SettingsInvalid with the first thing that is wrong."""
    given = {"stage": name, **values} if isinstance(values, dict) else values
    try:
        # As JSON, where strictness knows lists: nothing is taken for something else, and "no" is not false.
        return StageSettings.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as invalid:
        fault = invalid.errors()[0]
        path = ".".join(["stages", name, *(str(part) for part in fault["loc"] if part != "stage")])
        message = fault["msg"].removeprefix("Value error, ")
        raise SettingsInvalid(f"{source}: {path}: {message}".replace("\n", " ")) from None


def _source(context: Mapping[str, Any]) -> tuple[str, Any]:
    """Where the stages stand, and what stands there."""
    name = context.get("settings")
    if name is None:
        return "cdk.json", context.get("stages")
    try:
        content = json.loads(Path(str(name)).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsInvalid(f"{name}: {error}") from None
    if not isinstance(content, dict):
        raise SettingsInvalid(f"{name}: stages: missing")
    return str(name), content.get("stages")
