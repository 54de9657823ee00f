"""One Lambda function with its log and a role that holds nothing by itself; what it may do is said where it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from infra.stacks.base import StageStack, retention
from infra.stacks.nag import acknowledge, acknowledge_wildcards
from infra.stacks.network import PRIVATE, Network

_ENI_ACTIONS = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:AssignIpv6Addresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignIpv6Addresses",
    "ec2:UnassignPrivateIpAddresses",
]


_WILDCARDS = (
    "Objects are named by their prefix, auto scaling groups by their name behind a random id, and network interfaces"
    " that do not exist yet cannot be named at all; tests/deploy proves what each role refuses"
)


@dataclass(frozen=True)
class Grant:
    """Actions on resources, and on nothing else."""

    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Mapping[str, object]] | None = None

    def statement(self) -> iam.PolicyStatement:
        """As IAM writes it."""
        return iam.PolicyStatement(
            actions=list(self.actions), resources=list(self.resources), conditions=dict(self.conditions or {})
        )


@dataclass(frozen=True)
class FunctionSpec:
    """What a function is for, how much it needs, and what it may do."""

    name: str
    environment: Mapping[str, str]
    grants: Sequence[Grant]
    seconds: int
    memory_mib: int
    reserved_concurrency: int | None = None


def function(stack: StageStack, spec: FunctionSpec, *, code: lambda_.Code, network: Network) -> lambda_.Function:
    """The function `atelier-{stage}-{name}` with `lambdas/{name}/handler.py` as its entry."""
    settings = stack.settings
    name = f"{settings.prefix}-{spec.name}"
    title = spec.name.capitalize()
    log = logs.LogGroup(
        stack, f"{title}Log", retention=retention(settings.log_days), removal_policy=stack.removal_policy
    )
    role = iam.Role(stack, f"{title}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    arn = stack.format_arn(service="lambda", resource=f"function:{name}")
    made = lambda_.Function(
        stack,
        title,
        function_name=name,
        description=f"Atelier {settings.stage}: {spec.name}",
        code=code,
        handler=f"lambdas.{spec.name}.handler.handler",
        runtime=lambda_.Runtime.PYTHON_3_13 if not settings.emulator else _runtime(settings.emulator.python),
        architecture=_architecture(settings.emulator.platform if settings.emulator else "aarch64"),
        role=role,
        environment=dict(spec.environment),
        timeout=Duration.seconds(spec.seconds),
        memory_size=spec.memory_mib,
        reserved_concurrent_executions=spec.reserved_concurrency,
        vpc=network.vpc,
        vpc_subnets=PRIVATE,
        security_groups=[network.lambdas],
        ipv6_allowed_for_dual_stack=not settings.emulated,
        log_group=log,
        logging_format=lambda_.LoggingFormat.JSON,
        application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
        system_log_level_v2=lambda_.SystemLogLevel.INFO,
    )
    acknowledge(made, "L1", "3.13 is what the pinned wheels are chosen for and the bytecode is compiled for")
    named = [resource for grant in spec.grants for resource in grant.resources]
    acknowledge_wildcards(role, [*named, "*"], _WILDCARDS)
    for statement in (*_needs_of_lambda(log, arn), *(grant.statement() for grant in spec.grants)):
        role.add_to_principal_policy(statement)
    return made


def _needs_of_lambda(log: logs.LogGroup, function_arn: str) -> list[iam.PolicyStatement]:
    """What Lambda itself does in the role's name; the function's own code may not touch the network interfaces."""
    # EC2 knows no narrower resource for interfaces that do not exist yet.
    own_code = {"ArnEquals": {"lambda:SourceFunctionArn": function_arn}}
    return [
        iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log.log_group_arn]),
        iam.PolicyStatement(actions=_ENI_ACTIONS, resources=["*"]),
        iam.PolicyStatement(effect=iam.Effect.DENY, actions=_ENI_ACTIONS, resources=["*"], conditions=own_code),
    ]


def _runtime(python: str) -> lambda_.Runtime:
    return lambda_.Runtime(f"python{python}", lambda_.RuntimeFamily.PYTHON, supports_inline_code=True)


def _architecture(machine: str) -> lambda_.Architecture:
    return lambda_.Architecture.ARM_64 if machine == "aarch64" else lambda_.Architecture.X86_64
