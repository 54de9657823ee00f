"""The site's certificate, in the only region that CloudFront takes one from."""

from typing import Any

from aws_cdk import CrossStackReferences, ReferenceStrength
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct

from infra.stacks.base import StageStack
from infra.stacks.settings import Domain, StageSettings

REGION = "us-east-1"


class Certificate(StageStack):
    """`certificate` for the site's name, validated through its zone and renewed by AWS."""

    def __init__(self, scope: Construct, part: str, *, settings: StageSettings, domain: Domain, **rest: Any) -> None:
        super().__init__(scope, part, settings=settings, region=REGION, **rest)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.zone_id, zone_name=domain.zone
        )
        self.certificate = acm.Certificate(
            self, "Certificate", domain_name=domain.name, validation=acm.CertificateValidation.from_dns(zone)
        )
        if settings.region != REGION:
            # A strong reference across regions is made of functions with roles of their own; this one CloudFormation
            # reads by itself.
            CrossStackReferences.of(self.certificate).produce(ReferenceStrength.WEAK)


def certificate_of(scope: Construct, settings: StageSettings) -> acm.ICertificate | None:
    """What CloudFront presents under the stage's own name; None where it has none."""
    domain = settings.domain
    if domain is None:
        return None
    if domain.certificate_arn:
        return acm.Certificate.from_certificate_arn(scope, f"{settings.prefix}-given", domain.certificate_arn)
    return Certificate(scope, "certificate", settings=settings, domain=domain).certificate
