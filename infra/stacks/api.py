"""The functions, what wakes them, and the HTTP API before them."""

from typing import Any

from aws_cdk import CustomResource, Duration, Fn
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as route53_targets
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.stacks import function_specs
from infra.stacks.base import StageStack, retention
from infra.stacks.bundling import migrations_fingerprint
from infra.stacks.data import Data
from infra.stacks.functions import FunctionSpec, function
from infra.stacks.nag import acknowledge
from infra.stacks.network import Network
from infra.stacks.queues import Queues
from infra.stacks.settings import Domain, StageSettings

_EVENTS_BATCH = 10
_ACCESS_LOG = {
    "time": "$context.requestTimeEpoch",
    "request": "$context.requestId",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "function_milliseconds": "$context.integrationLatency",
    "bytes": "$context.responseLength",
    "error": "$context.error.message",
}
"""Neither addresses nor user agents: what is not kept cannot leak."""


class Api(StageStack):
    """`http_api` with its `origin_host`, `functions` by name, and `origin_secret`."""

    def __init__(
        self,
        scope: Construct,
        part: str,
        *,
        settings: StageSettings,
        network: Network,
        data: Data,
        queues: Queues,
        code: lambda_.Code,
        **rest: Any,
    ) -> None:
        super().__init__(scope, part, settings=settings, **rest)
        self._network, self._code = network, code
        self.origin_secret = self._secret("OriginSecret", "What CloudFront sends along: the API answers nobody else")
        cursor_secret = self._secret("CursorSecret", "Signs the cursors of lists")
        around = function_specs.FunctionSpecs(self, data=data, queues=queues)
        self.functions = {"migrate": self._function(around.migrate(migrations_fingerprint()))}
        migrated = self._migrated()
        for spec in (around.api(self.origin_secret, cursor_secret), around.advance(), around.sweep()):
            self.functions[spec.name] = self._function(spec)
            self.functions[spec.name].node.add_dependency(migrated)
        self._hear_events(queues)
        self._sweep_each_minute()
        self.http_api, stage = self._http_api()
        self.origin_host = self._name(settings.domain, stage) if settings.domain else self._plain_host()

    def _function(self, spec: FunctionSpec) -> lambda_.Function:
        return function(self, spec, code=self._code, network=self._network)

    def _secret(self, name: str, description: str) -> secretsmanager.Secret:
        letters = secretsmanager.SecretStringGenerator(exclude_punctuation=True, password_length=48)
        secret = secretsmanager.Secret(self, name, description=description, generate_secret_string=letters)
        acknowledge(secret, "SMG4", "Who sends it and who checks it must change together: a deployment does that")
        return secret

    def _migrated(self) -> CustomResource:
        """The database, as of these migrations: when applying them fails, so does the deployment."""
        return CustomResource(
            self,
            "Migrated",
            resource_type="Custom::Migrated",
            service_token=self.functions["migrate"].function_arn,
            service_timeout=Duration.seconds(function_specs.MIGRATE_SECONDS + 60),
            properties={"Migrations": migrations_fingerprint()},
        )

    def _hear_events(self, queues: Queues) -> None:
        source = sources.SqsEventSource(
            queues.events.queue,
            batch_size=_EVENTS_BATCH,
            report_batch_item_failures=True,
            max_concurrency=self.settings.api.advance_concurrency,
        )
        self.functions["advance"].add_event_source(source)

    def _sweep_each_minute(self) -> None:
        target = targets.LambdaFunction(self.functions["sweep"], retry_attempts=0, max_event_age=Duration.minutes(1))
        events.Rule(self, "EachMinute", schedule=events.Schedule.rate(Duration.minutes(1)), targets=[target])

    def _http_api(self) -> tuple[apigw.HttpApi, apigw.CfnStage]:
        api = apigw.HttpApi(
            self,
            "HttpApi",
            api_name=f"{self.settings.prefix}-api",
            create_default_stage=False,
            disable_execute_api_endpoint=self.settings.domain is not None,
            default_integration=integrations.HttpLambdaIntegration(
                "Function", self.functions["api"], payload_format_version=apigw.PayloadFormatVersion.VERSION_2_0
            ),
        )
        acknowledge(api, "APIG4", "The API knows its callers itself, by session or key: most of it is public")
        return api, self._stage(api)

    def _stage(self, api: apigw.HttpApi) -> apigw.CfnStage:
        """The only stage, throttled and logged; the library's own one cannot log from Python."""
        log = logs.LogGroup(
            self,
            "AccessLog",
            retention=retention(self.settings.log_days),
            removal_policy=self.removal_policy,
        )
        return apigw.CfnStage(
            self,
            "Stage",
            api_id=api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigw.CfnStage.AccessLogSettingsProperty(
                destination_arn=log.log_group_arn, format=self.to_json_string(_ACCESS_LOG)
            ),
            default_route_settings=apigw.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=self.settings.api.requests_per_second,
                throttling_burst_limit=self.settings.api.burst,
                detailed_metrics_enabled=True,
            ),
        )

    def _plain_host(self) -> str:
        return Fn.select(2, Fn.split("/", self.http_api.api_endpoint))

    def _name(self, domain: Domain, stage: apigw.CfnStage) -> str:
        """`api.` before the site's name, with a certificate that the zone validates."""
        host = f"api.{domain.name}"
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.zone_id, zone_name=domain.zone
        )
        certificate = acm.Certificate(
            self, "Certificate", domain_name=host, validation=acm.CertificateValidation.from_dns(zone)
        )
        name = apigw.DomainName(
            self,
            "Name",
            domain_name=host,
            certificate=certificate,
            security_policy=apigw.SecurityPolicy.TLS_1_2,
        )
        mapping = apigw.CfnApiMapping(
            self, "Mapping", api_id=self.http_api.api_id, domain_name=name.name, stage="$default"
        )
        mapping.node.add_dependency(stage)
        target = route53.RecordTarget.from_alias(
            route53_targets.ApiGatewayv2DomainProperties(name.regional_domain_name, name.regional_hosted_zone_id)
        )
        route53.ARecord(self, "Record", zone=zone, record_name=f"{host}.", target=target)
        return host
