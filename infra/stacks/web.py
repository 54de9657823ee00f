"""What browsers reach: CloudFront before the page, the media and the API, under one name."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aws_cdk import Annotations, CfnOutput, CustomResource, Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from infra.stacks.api import Api
from infra.stacks.base import StageStack, retention
from infra.stacks.bundling import ROOT
from infra.stacks.data import Data
from infra.stacks.functions import Grant
from infra.stacks.headers import api_headers, media_headers, page_headers
from infra.stacks.nag import acknowledge, acknowledge_wildcards
from infra.stacks.settings import Domain, StageSettings

_EDGE = Path(__file__).with_name("edge")
PAGE = ROOT / "web" / "dist"
"""Where the web build puts the page."""
_MEDIA_SECONDS = 3600
"""How long an edge keeps a picture without asking: a withdrawn one is gone everywhere after so long."""
_PUBLISH_SECONDS = 120


class PageMissing(Exception):
    """The page is not built: a line for the person at the terminal."""


class Web(StageStack):
    """`distribution`, and the site's `address`."""

    def __init__(
        self,
        scope: Construct,
        part: str,
        *,
        settings: StageSettings,
        data: Data,
        api: Api,
        certificate: acm.ICertificate | None,
        firewall: str | None,
        page: Path = PAGE,
        **rest: Any,
    ) -> None:
        super().__init__(scope, part, settings=settings, **rest)
        if not (page / "index.html").is_file():
            raise PageMissing(f"{page}: the page is not built; make setup-run builds it")
        self._data, self._api = data, api
        self._origin = self._api_origin()
        self._forward = self._at_the_edge("Forward", "forward.js")
        self.distribution = self._distribution(certificate, firewall)
        Annotations.of(self).acknowledge_warning(
            "@aws-cdk/aws-cloudfront-origins:updateImportedBucketPolicyOac",
            "The buckets' policies are written below",
        )
        for bucket in (data.site, data.media):
            _let_cloudfront_read(
                bucket, distributions=f"arn:{self.partition}:cloudfront::{self.account}:distribution/*"
            )
        self._publish(page)
        if settings.domain:
            self._name(settings.domain)
        name = settings.domain.name if settings.domain else self.distribution.distribution_domain_name
        self.address = f"https://{name}"
        CfnOutput(self, "Address", value=self.address, description="Where the site is")

    def _distribution(self, certificate: acm.ICertificate | None, firewall: str | None) -> cloudfront.Distribution:
        settings = self.settings
        page = page_headers(self, settings.prefix)
        made = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"Atelier {settings.stage}",
            default_behavior=self._site(page),
            additional_behaviors={
                "/media/*": self._media(),
                "/api/*": self._to_api(api_headers(self, settings.prefix), cloudfront.AllowedMethods.ALLOW_ALL),
                "/results/*": self._to_api(page, cloudfront.AllowedMethods.ALLOW_GET_HEAD),
            },
            domain_names=[settings.domain.name] if settings.domain else None,
            certificate=certificate,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if certificate else None,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            enable_ipv6=True,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            web_acl_id=firewall,
            enable_logging=True,
            log_bucket=self._data.logs,
            log_file_prefix="cloudfront/",
        )
        acknowledge(made, "CFR1", "People everywhere may use it")
        if firewall is None:
            acknowledge(made, "CFR2", "A firewall costs by the month and the request: the setting waf")
        if certificate is None:
            acknowledge(made, "CFR4", "CloudFront's own name comes with its own choice of TLS: the setting domain")
        if settings.emulated:
            acknowledge(made, "CFR5", "The emulator speaks no TLS")
        return made

    def _site(self, headers: cloudfront.ResponseHeadersPolicy) -> cloudfront.BehaviorOptions:
        """Files by their path; their own headers say how long they are kept."""
        return cloudfront.BehaviorOptions(
            origin=self._bucket_origin("SiteOrigin", self._data.site),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
            compress=True,
            response_headers_policy=headers,
            function_associations=[self._at_the_edge("Site", "site.js")],
        )

    def _media(self) -> cloudfront.BehaviorOptions:
        cache = cloudfront.CachePolicy(
            self,
            "MediaCache",
            cache_policy_name=f"{self.settings.prefix}-media",
            min_ttl=Duration.seconds(0),
            default_ttl=Duration.seconds(_MEDIA_SECONDS),
            max_ttl=Duration.seconds(_MEDIA_SECONDS),
        )
        return cloudfront.BehaviorOptions(
            origin=self._bucket_origin("MediaOrigin", self._data.media),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            cache_policy=cache,
            compress=False,
            response_headers_policy=media_headers(self, self.settings.prefix),
        )

    def _to_api(
        self, headers: cloudfront.ResponseHeadersPolicy, methods: cloudfront.AllowedMethods
    ) -> cloudfront.BehaviorOptions:
        """Never cached; everything of the request but its Host, which is the API's own."""
        return cloudfront.BehaviorOptions(
            origin=self._origin,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            allowed_methods=methods,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            compress=True,
            response_headers_policy=headers,
            function_associations=[self._forward],
        )

    def _api_origin(self) -> origins.HttpOrigin:
        secret = {"X-Origin-Secret": self._api.origin_secret.secret_value.unsafe_unwrap()}
        emulator = self.settings.emulator
        if emulator:
            # Its CloudFront reaches no server under a name of AWS's, but the same API under its own address.
            address = urlsplit(emulator.endpoint_url)
            return origins.HttpOrigin(
                address.hostname or "",
                origin_id="Api",
                http_port=address.port,
                origin_path=f"/_aws/execute-api/{self._api.http_api.api_id}/$default",
                protocol_policy=cloudfront.OriginProtocolPolicy.HTTP_ONLY,
                custom_headers=secret,
            )
        return origins.HttpOrigin(
            self._api.origin_host,
            origin_id="Api",
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            custom_headers=secret,
        )

    def _bucket_origin(self, name: str, bucket: s3.Bucket) -> cloudfront.IOrigin:
        # By its attributes: the bucket's own policy would name the distribution, and the two stacks each other.
        seen = s3.Bucket.from_bucket_attributes(
            self, name, bucket_name=bucket.bucket_name, bucket_regional_domain_name=bucket.bucket_regional_domain_name
        )
        return origins.S3BucketOrigin.with_origin_access_control(
            seen, origin_access_levels=[cloudfront.AccessLevel.READ]
        )

    def _at_the_edge(self, name: str, file: str) -> cloudfront.FunctionAssociation:
        function = cloudfront.Function(
            self,
            name,
            function_name=f"{self.settings.prefix}-{name.lower()}",
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            code=cloudfront.FunctionCode.from_file(file_path=str(_EDGE / file)),
        )
        return cloudfront.FunctionAssociation(event_type=cloudfront.FunctionEventType.VIEWER_REQUEST, function=function)

    def _publish(self, page: Path) -> None:
        """The built page into its bucket, each time it has changed."""
        zipped = assets.Asset(self, "Page", path=str(page))
        function = self._publisher(zipped)
        CustomResource(
            self,
            "Published",
            resource_type="Custom::Published",
            service_token=function.function_arn,
            service_timeout=Duration.seconds(_PUBLISH_SECONDS + 60),
            properties={
                "Source": {"Bucket": zipped.s3_bucket_name, "Key": zipped.s3_object_key},
                "Bucket": self._data.site.bucket_name,
            },
        )

    def _publisher(self, zipped: assets.Asset) -> lambda_.Function:
        settings, emulator = self.settings, self.settings.emulator
        log = logs.LogGroup(
            self, "PublishLog", retention=retention(settings.log_days), removal_policy=self.removal_policy
        )
        role = iam.Role(self, "PublishRole", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        grants = [
            Grant(["logs:CreateLogStream", "logs:PutLogEvents"], [log.log_group_arn]),
            Grant(["s3:GetObject"], [zipped.bucket.arn_for_objects(zipped.s3_object_key)]),
            Grant(["s3:PutObject"], [self._data.site.arn_for_objects("*")]),
        ]
        for grant in grants:
            role.add_to_principal_policy(grant.statement())
        acknowledge_wildcards(
            role, [resource for grant in grants for resource in grant.resources], "It writes the whole site"
        )
        python = f"python{emulator.python}" if emulator else "python3.13"
        made = lambda_.Function(
            self,
            "Publish",
            function_name=f"{settings.prefix}-publish",
            description=f"Atelier {settings.stage}: puts the built page into its bucket",
            code=lambda_.Code.from_asset(str(_EDGE / "publish"), exclude=["__pycache__"]),
            handler="handler.handler",
            runtime=lambda_.Runtime(python, lambda_.RuntimeFamily.PYTHON),
            architecture=lambda_.Architecture.X86_64
            if emulator and emulator.platform == "x86_64"
            else lambda_.Architecture.ARM_64,
            role=role,
            timeout=Duration.seconds(_PUBLISH_SECONDS),
            memory_size=512,
            environment={"AWS_ENDPOINT_URL_S3": emulator.endpoint_url} if emulator else None,
            log_group=log,
            logging_format=lambda_.LoggingFormat.JSON,
        )
        made.node.add_dependency(role)
        acknowledge(made, "L1", "The same version as the other functions")
        return made

    def _name(self, domain: Domain) -> None:
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.zone_id, zone_name=domain.zone
        )
        target = route53.RecordTarget.from_alias(targets.CloudFrontTarget(self.distribution))
        route53.ARecord(self, "Record", zone=zone, record_name=f"{domain.name}.", target=target)
        route53.AaaaRecord(self, "Record6", zone=zone, record_name=f"{domain.name}.", target=target)


def _let_cloudfront_read(bucket: s3.Bucket, *, distributions: str) -> None:
    """Distributions of this account; that it may list makes S3 answer 404, not 403, for what is not there."""
    reader = iam.ServicePrincipal("cloudfront.amazonaws.com")
    own = {"ArnLike": {"aws:SourceArn": distributions}}
    for actions, resource in (
        (["s3:GetObject"], bucket.arn_for_objects("*")),
        (["s3:ListBucket"], bucket.bucket_arn),
    ):
        bucket.add_to_resource_policy(
            iam.PolicyStatement(actions=actions, resources=[resource], principals=[reader], conditions=own)
        )
