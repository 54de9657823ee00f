"""PostgreSQL and the buckets: everything that cannot be made again."""

from dataclasses import dataclass
from typing import Any

from aws_cdk import CfnOutput, Duration, Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from contract.keys import CONTROL_PREFIX, UPLOAD_PREFIX
from infra.stacks.base import StageStack
from infra.stacks.nag import acknowledge
from infra.stacks.network import POSTGRES_PORT, PRIVATE, Network
from infra.stacks.settings import StageSettings

DATABASE = "atelier"
OWNER = "atelier_owner"
"""The master user: owns the schema, and only `migrate` logs in as it, with the password that RDS keeps."""
APP_USER = "atelier_app"
"""What the other functions log in as, with a token that they sign themselves; it can change rows and no table."""
_LOG_MINUTES = 7 * 24 * 60


@dataclass(frozen=True)
class DatabasePlace:
    """Where the database is, for those who connect and for those who watch it."""

    instance: rds.DatabaseInstance
    host: str
    """Where the application connects: the instance, or the proxy before it."""
    owner_host: str
    """Where `migrate` connects: always the instance."""
    port: int
    name: str
    resource_id: str
    """What IAM names the database by; that of the proxy where there is one."""
    secret: secretsmanager.ISecret
    """The owner's user name and password."""


class Data(StageStack):
    """`database`, and the buckets `media`, `models`, `site` and `logs`."""

    def __init__(self, scope: Construct, part: str, *, settings: StageSettings, network: Network, **rest: Any) -> None:
        super().__init__(scope, part, settings=settings, **rest)
        # Its rules are the network's alone: the library would add some from here and close a circle of stacks.
        group_id = network.database.security_group_id
        self._reached_as = ec2.SecurityGroup.from_security_group_id(self, "Reached", group_id, mutable=False)
        self.database = self._database(network)
        self.logs = self._log_bucket()
        self.media = self._media_bucket()
        self.models = self._bucket("Models", precious=False)
        self.site = self._bucket("Site", precious=False)
        about = "Where workers fetch models from: python -m gpu_worker.models sync --bucket …"
        CfnOutput(self, "ModelsBucket", value=self.models.bucket_name, description=about)

    def _database(self, network: Network) -> DatabasePlace:
        instance = self._instance(network)
        acknowledge(instance, "RDS11", "Only functions reach it; another port would hide it from nobody who could")
        if not self.settings.database.multi_az:
            acknowledge(instance, "RDS3", "It doubles the database's price: the setting database.multi_az")
        if not self.settings.retain:
            acknowledge(instance, "RDS10", "The stage is made to be thrown away: the setting retain")
        secret = instance.secret
        assert secret is not None  # noqa: S101 - RDS manages one
        host, resource_id = instance.db_instance_endpoint_address, instance.instance_resource_id or ""
        if self.settings.database.proxy:
            proxy = self._proxy(instance, network)
            host, resource_id = proxy.endpoint, _proxy_id(proxy)
        return DatabasePlace(
            instance=instance,
            host=host,
            owner_host=instance.db_instance_endpoint_address,
            port=POSTGRES_PORT,
            name=DATABASE,
            resource_id=resource_id,
            secret=secret,
        )

    def _instance(self, network: Network) -> rds.DatabaseInstance:
        wanted = self.settings.database
        engine = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_18)
        return rds.DatabaseInstance(
            self,
            "Database",
            engine=engine,
            instance_type=ec2.InstanceType(f"t4g.{wanted.size}"),
            database_name=DATABASE,
            credentials=rds.Credentials.from_username(OWNER),
            manage_master_user_password=True,
            iam_authentication=True,
            # The server keeps its log for a week; in CloudWatch nobody would ever delete it.
            parameters={
                "rds.force_ssl": "1",
                "rds.log_retention_period": str(_LOG_MINUTES),
                "max_connections": str(wanted.max_connections),
            },
            vpc=network.vpc,
            vpc_subnets=PRIVATE,
            security_groups=[self._reached_as],
            network_type=rds.NetworkType.IPV4,
            publicly_accessible=False,
            multi_az=wanted.multi_az,
            storage_type=rds.StorageType.GP3,
            storage_encrypted=True,
            allocated_storage=wanted.storage_gib,
            max_allocated_storage=wanted.max_storage_gib,
            backup_retention=Duration.days(wanted.backup_days),
            deletion_protection=self.settings.retain,
            removal_policy=self.removal_policy,
            delete_automated_backups=not self.settings.retain,
            enable_performance_insights=True,
            auto_minor_version_upgrade=True,
            copy_tags_to_snapshot=True,
        )

    def _proxy(self, instance: rds.DatabaseInstance, network: Network) -> rds.DatabaseProxy:
        """Logs in as the application's user with tokens of its own, so it holds no secret.

        https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-iam-setup.html
        """
        role = iam.Role(self, "ProxyRole", assumed_by=iam.ServicePrincipal("rds.amazonaws.com"))
        user = f"dbuser:{instance.instance_resource_id}/{APP_USER}"
        named = f"arn:{self.partition}:rds-db:{self.region}:{self.account}:{user}"
        role.add_to_principal_policy(iam.PolicyStatement(actions=["rds-db:connect"], resources=[named]))
        return rds.DatabaseProxy(
            self,
            "Proxy",
            proxy_target=rds.ProxyTarget.from_instance(instance),
            default_auth_scheme=rds.DefaultAuthScheme.IAM_AUTH,
            role=role,
            require_tls=True,
            vpc=network.vpc,
            vpc_subnets=PRIVATE,
            security_groups=[self._reached_as],
        )

    def _log_bucket(self) -> s3.Bucket:
        return self._bucket("Logs", precious=False, expire=Duration.days(self.settings.log_days), writable_by_logs=True)

    def _media_bucket(self) -> s3.Bucket:
        media = self.settings.media
        bucket = self._bucket("Media", precious=True)
        bucket.add_lifecycle_rule(
            id="old-versions",
            noncurrent_version_expiration=Duration.days(media.old_version_days),
            abort_incomplete_multipart_upload_after=Duration.days(1),
            expired_object_delete_marker=True,
        )
        # S3 counts whole days and sweep deletes to the minute: this is for what sweep has never heard of.
        spare_days = -(-media.upload_hours // 24) + 1
        for name, prefix, days in (("uploads", UPLOAD_PREFIX, spare_days), ("control", CONTROL_PREFIX, 1)):
            # What somebody brought and took back is not kept either.
            bucket.add_lifecycle_rule(
                id=name,
                prefix=prefix,
                expiration=Duration.days(days),
                noncurrent_version_expiration=Duration.days(1),
            )
        return bucket

    def _bucket(
        self, name: str, *, precious: bool, expire: Duration | None = None, writable_by_logs: bool = False
    ) -> s3.Bucket:
        ownership = s3.ObjectOwnership
        owners = ownership.BUCKET_OWNER_PREFERRED if writable_by_logs else ownership.BUCKET_OWNER_ENFORCED
        return s3.Bucket(
            self,
            name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            encryption=s3.BucketEncryption.S3_MANAGED,
            versioned=precious,
            object_ownership=owners,
            server_access_logs_bucket=None if name == "Logs" else self.logs,
            server_access_logs_prefix=None if name == "Logs" else f"s3/{name.lower()}/",
            lifecycle_rules=[s3.LifecycleRule(id="expire", expiration=expire)] if expire else None,
            removal_policy=self.removal_policy,
        )


def _proxy_id(proxy: rds.DatabaseProxy) -> str:
    """`prx-…`, the last part of its ARN: what IAM names a proxy by."""
    return Fn.select(6, Fn.split(":", proxy.db_proxy_arn))
