"""The VPC: two kinds of subnets without NAT, an endpoint for S3, and who may reach whom."""

from typing import Any

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.stacks.base import StageStack, retention
from infra.stacks.nag import acknowledge
from infra.stacks.settings import StageSettings

PUBLIC = ec2.SubnetSelection(subnet_group_name="public")
PRIVATE = ec2.SubnetSelection(subnet_group_name="private")
POSTGRES_PORT = 5432
_ENDPOINTS = {
    "Sqs": ec2.InterfaceVpcEndpointAwsService.SQS,
    "Secrets": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    "AutoScaling": ec2.InterfaceVpcEndpointAwsService.AUTOSCALING,
}
_ADDRESSES = "10.0.0.0/16"


class Network(StageStack):
    """`vpc`, and the security groups `lambdas`, `workers` and `database`."""

    def __init__(self, scope: Construct, part: str, *, settings: StageSettings, **rest: Any) -> None:
        super().__init__(scope, part, settings=settings, **rest)
        self.vpc = self._vpc()
        self.lambdas = self._group("Lambdas", "Functions: to AWS over TLS and to the database, and nobody to them")
        self.workers = self._group("Workers", "GPU workers: to AWS over TLS, and nobody to them")
        self.database = self._group("Database", "PostgreSQL: only functions reach it")
        self._open_outwards()
        self._let_functions_into_the_database()

    def _vpc(self) -> ec2.Vpc:
        emulated = self.settings.emulated
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_protocol=ec2.IpProtocol.IPV4_ONLY if emulated else ec2.IpProtocol.DUAL_STACK,
            ip_addresses=ec2.IpAddresses.cidr(_ADDRESSES),
            max_azs=self.settings.network.zones,
            nat_gateways=0,
            restrict_default_security_group=False,
            subnet_configuration=[
                # Workers fetch packages and models from where IPv6 is not spoken everywhere.
                ec2.SubnetConfiguration(
                    name="public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=20, map_public_ip_on_launch=True
                ),
                ec2.SubnetConfiguration(name="private", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=20),
            ],
            gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
        )
        if self.settings.network.endpoints:
            self._bring_aws_in(vpc)
        elif not emulated:
            self._lead_ipv6_out(vpc)
        if self.settings.network.flow_logs:
            self._log_flows(vpc)
        else:
            acknowledge(vpc, "VPC7", "Flow logs cost by the gigabyte: the setting network.flow_logs")
        return vpc

    def _lead_ipv6_out(self, vpc: ec2.Vpc) -> None:
        """Private subnets reach AWS over IPv6 and cannot be reached: what a NAT gateway would cost, for nothing."""
        gateway = ec2.CfnEgressOnlyInternetGateway(self, "EgressOnly", vpc_id=vpc.vpc_id)
        for number, subnet in enumerate(vpc.isolated_subnets):
            ec2.CfnRoute(
                self,
                f"EgressOnlyRoute{number}",
                route_table_id=subnet.route_table.route_table_id,
                destination_ipv6_cidr_block="::/0",
                egress_only_internet_gateway_id=gateway.ref,
            )

    def _bring_aws_in(self, vpc: ec2.Vpc) -> None:
        """What functions call, inside the VPC: they then have no way out at all."""
        group = ec2.SecurityGroup(
            self, "Endpoints", vpc=vpc, description="AWS inside the VPC", allow_all_outbound=False
        )
        group.add_ingress_rule(ec2.Peer.ipv4(_ADDRESSES), ec2.Port.HTTPS, "Functions and workers")
        for name, service in _ENDPOINTS.items():
            vpc.add_interface_endpoint(name, service=service, subnets=PRIVATE, security_groups=[group], open=False)

    def _log_flows(self, vpc: ec2.Vpc) -> None:
        log = logs.LogGroup(
            self, "FlowLog", retention=retention(self.settings.log_days), removal_policy=self.removal_policy
        )
        vpc.add_flow_log("Flows", destination=ec2.FlowLogDestination.to_cloud_watch_logs(log))

    def _group(self, name: str, description: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(self, name, vpc=self.vpc, description=description, allow_all_outbound=False)

    def _open_outwards(self) -> None:
        for group in (self.lambdas, self.workers):
            group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.HTTPS, "AWS")
            group.add_egress_rule(ec2.Peer.any_ipv6(), ec2.Port.HTTPS, "AWS over IPv6")
        inside = ec2.Peer.ipv4(_ADDRESSES)
        self.lambdas.add_egress_rule(inside, ec2.Port.tcp(POSTGRES_PORT), "Database")
        if self.settings.database.proxy:
            self.database.add_egress_rule(inside, ec2.Port.tcp(POSTGRES_PORT), "The proxy to the database")

    def _let_functions_into_the_database(self) -> None:
        # Within the group, not as a resource of its own: the emulator has no AWS::EC2::SecurityGroupIngress.
        group = self.database.node.default_child
        assert isinstance(group, ec2.CfnSecurityGroup)  # noqa: S101 - what the library makes
        group.security_group_ingress = [
            ec2.CfnSecurityGroup.IngressProperty(
                ip_protocol="tcp",
                from_port=POSTGRES_PORT,
                to_port=POSTGRES_PORT,
                source_security_group_id=self.lambdas.security_group_id,
                description="Functions",
            )
        ]
        if self.settings.database.proxy:
            port = ec2.Port.tcp(POSTGRES_PORT)
            self.database.connections.allow_internally(port, "The proxy to the database")
