"""What each function reads from its environment and may do: its settings class and its code, seen from outside."""

from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager

from contract.keys import CONTROL_PREFIX, MEDIA_PREFIX, UPLOAD_PREFIX
from infra.stacks.base import StageStack
from infra.stacks.data import APP_USER, OWNER, Data
from infra.stacks.functions import FunctionSpec, Grant
from infra.stacks.queues import ADVANCE_SECONDS, Pair, Queues
from infra.stacks.settings import QUEUES

PAGE = "index.html"
"""Of the site: the API puts a result's title and picture into it."""
MIGRATE_SECONDS = 840
_API_SECONDS = 29
"""Just under what the HTTP API waits for."""
_SWEEP_SECONDS = 55
"""Over before the next one."""


@dataclass(frozen=True)
class FunctionSpecs:
    """Makes the specs of one stage, once it is known where everything stands."""

    stack: StageStack
    data: Data
    queues: Queues

    def api(self, origin_secret: secretsmanager.Secret, cursor_secret: secretsmanager.Secret) -> FunctionSpec:
        """Answers requests."""
        settings = self.stack.settings
        media = self.data.media
        return FunctionSpec(
            name="api",
            seconds=_API_SECONDS,
            memory_mib=settings.api.memory_mib,
            reserved_concurrency=settings.api.reserved_concurrency,
            environment={
                **self._common("api"),
                **self._measured(),
                **self._database(),
                **self._steps(),
                "ATELIER_POOL_SIZE": "1",
                "ATELIER_PROFILE": settings.profile,
                "ATELIER_SITE_SCHEME": "https",
                "ATELIER_PAGE": f"s3://{self.data.site.bucket_name}/{PAGE}",
                "ATELIER_SECRET": cursor_secret.secret_value.unsafe_unwrap(),
                "ATELIER_ORIGIN_SECRET": self.origin_value(origin_secret),
                "ATELIER_UPLOAD_HOURS": str(settings.media.upload_hours),
                "ATELIER_SESSION_DAYS": str(settings.quotas.session_days),
                "ATELIER_GUESTS_PER_NETWORK_DAY": str(settings.quotas.guests_per_network_day),
                "ATELIER_GUEST_TASKS_PER_NETWORK_DAY": str(settings.quotas.guest_tasks_per_network_day),
            },
            grants=[
                *self._log_in(),
                self._send(),
                # Uploads come through the API; withdrawing a result copies its media to an address that nobody knows.
                Grant(["s3:PutObject"], [media.arn_for_objects(f"{UPLOAD_PREFIX}*"), _markers(media)]),
                Grant(["s3:GetObject", "s3:PutObject"], [media.arn_for_objects(f"{MEDIA_PREFIX}*")]),
                Grant(["s3:GetObject"], [self.data.site.arn_for_objects(PAGE)]),
            ],
        )

    def advance(self) -> FunctionSpec:
        """Hears what workers report; the event source adds reading its queue."""
        return FunctionSpec(
            name="advance",
            seconds=ADVANCE_SECONDS,
            memory_mib=512,
            environment={**self._common("advance"), **self._measured(), **self._database(), **self._steps()},
            grants=[*self._log_in(), self._send(), Grant(["s3:PutObject"], [_markers(self.data.media)])],
        )

    def sweep(self) -> FunctionSpec:
        """Sends again what was lost, tidies up, measures the backlog and wakes a group that sleeps."""
        settings, media = self.stack.settings, self.data.media
        groups = [settings.group_name(queue) for queue in QUEUES]
        prefixes = {"StringLike": {"s3:prefix": [f"{MEDIA_PREFIX}*", f"{UPLOAD_PREFIX}*", f"{CONTROL_PREFIX}*"]}}
        deletable = [media.arn_for_objects(f"{prefix}*") for prefix in (MEDIA_PREFIX, UPLOAD_PREFIX, CONTROL_PREFIX)]
        days = settings.media.unpublished_days
        return FunctionSpec(
            name="sweep",
            seconds=_SWEEP_SECONDS,
            memory_mib=512,
            environment={
                **self._common("sweep"),
                **self._measured(),
                **self._database(),
                **self._steps(),
                "ATELIER_EVENTS_QUEUE_URL": self.queues.events.queue.queue_url,
                "ATELIER_TEXT_GROUP": settings.group_name("text"),
                "ATELIER_IMAGE_GROUP": settings.group_name("image"),
                **({"ATELIER_UNPUBLISHED_DAYS": str(days)} if days else {}),
            },
            grants=[
                *self._log_in(),
                self._send(),
                Grant(["sqs:GetQueueAttributes"], [self.queues.events.queue.queue_arn]),
                Grant(["s3:PutObject"], [_markers(media)]),
                Grant(["s3:DeleteObject"], deletable),
                Grant(["s3:ListBucket"], [media.bucket_arn], prefixes),
                Grant(["autoscaling:SetDesiredCapacity"], [_group_arn(self.stack, group) for group in groups]),
                # It describes all groups or none: AWS knows no resource for it.
                Grant(["autoscaling:DescribeAutoScalingGroups"], ["*"]),
            ],
        )

    def migrate(self, fingerprint: str) -> FunctionSpec:
        """Brings the database up to date as its owner, at each deployment."""
        database, emulator = self.data.database, self.stack.settings.emulator
        url = f"postgresql://{OWNER}@{database.owner_host}:{database.port}/{database.name}?sslmode=require"
        environment = {
            **self._common("migrate"),
            "ATELIER_DATABASE_URL": emulator.database_url if emulator else url,
            "ATELIER_APP_USER": "true",
            "ATELIER_MIGRATIONS": fingerprint,
        }
        if emulator:
            return FunctionSpec("migrate", environment, [], seconds=MIGRATE_SECONDS, memory_mib=512)
        environment["ATELIER_DATABASE_SECRET"] = database.secret.secret_arn
        read = Grant(["secretsmanager:GetSecretValue"], [database.secret.secret_arn])
        return FunctionSpec("migrate", environment, [read], seconds=MIGRATE_SECONDS, memory_mib=512)

    def origin_value(self, secret: secretsmanager.Secret) -> str:
        """The secret as CloudFormation fills it in while it deploys: the template never holds it."""
        return secret.secret_value.unsafe_unwrap()

    def _common(self, name: str) -> dict[str, str]:
        emulator = self.stack.settings.emulator
        common = {
            "ATELIER_AWS_REGION": self.stack.settings.region,
            "POWERTOOLS_SERVICE_NAME": name,
        }
        if emulator:
            return {**common, "ATELIER_AWS_ENDPOINT_URL": emulator.endpoint_url}
        if self.stack.settings.network.endpoints:
            return common
        # The way out of the private subnets is IPv6.
        return {**common, "AWS_USE_DUALSTACK_ENDPOINT": "true"}

    def _measured(self) -> dict[str, str]:
        return {"ATELIER_METRICS_NAMESPACE": self.stack.settings.metrics_namespace}

    def _database(self) -> dict[str, str]:
        database, emulator = self.data.database, self.stack.settings.emulator
        if emulator:
            return {"ATELIER_DATABASE_URL": emulator.app_database_url(APP_USER)}
        return {
            "ATELIER_DATABASE_URL": (
                f"postgresql://{APP_USER}@{database.host}:{database.port}/{database.name}?sslmode=require"
            ),
            "ATELIER_DATABASE_IAM": "true",
        }

    def _steps(self) -> dict[str, str]:
        return {
            "ATELIER_MEDIA_BUCKET": self.data.media.bucket_name,
            "ATELIER_STEPS_TEXT_QUEUE_URL": self.queues.text.queue.queue_url,
            "ATELIER_STEPS_IMAGE_QUEUE_URL": self.queues.image.queue.queue_url,
            "ATELIER_LEASE_SECONDS": str(self.stack.settings.api.lease_seconds),
        }

    def _log_in(self) -> list[Grant]:
        """Logging in as the application's user, whose tokens only IAM grants."""
        if self.stack.settings.emulated:
            return []
        resource = f"dbuser:{self.data.database.resource_id}/{APP_USER}"
        return [Grant(["rds-db:connect"], [_arn(self.stack, "rds-db", resource)])]

    def _send(self) -> Grant:
        pairs: list[Pair] = [self.queues.text, self.queues.image]
        return Grant(["sqs:SendMessage"], [pair.queue.queue_arn for pair in pairs])


def _markers(media: s3.Bucket) -> str:
    return media.arn_for_objects(f"{CONTROL_PREFIX}cancel/*")


def _group_arn(stack: Stack, name: str) -> str:
    # Its middle is a random id that only AWS knows.
    return _arn(stack, "autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{name}")


def _arn(stack: Stack, service: str, resource: str) -> str:
    return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{resource}"
