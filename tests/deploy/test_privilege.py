"""Each role of the stage may do what its program does, and nothing that would tempt whoever took the program over.

MiniStack enforces the roles' policies and notes each decision; a function runs with its role's credentials, and so do
the programs of the machines. What Lambda and the boot script of a real machine do beside them is named below.
"""

import fnmatch
import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from PIL import Image

from infra.stacks.settings import QUEUES
from tests.deploy.deployment import ACCOUNT, STAGE, Deployment
from tests.e2e.people import Person, sign_up
from tests.services.ministack import REGION

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROLES = {"api": "api", "advance": "api", "sweep": "api", "migrate": "api", "text": "gpu", "image": "gpu"}
"""Each program, and the part of the stage that its role stands in."""

BESIDE_THE_PROGRAM = {
    "api": ("ec2:*", "logs:*"),
    "advance": (
        "ec2:*",
        "logs:*",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:Get*",
        "sqs:ChangeMessageVisibility",
    ),
    "sweep": ("ec2:*", "logs:*"),
    "migrate": ("ec2:*", "logs:*"),
    "text": ("logs:*", "cloudwatch:PutMetricData", "autoscaling:*"),
    "image": ("logs:*", "cloudwatch:PutMetricData", "autoscaling:*"),
}
"""Rights that Lambda, the event source, and a real machine's boot script and log agent use in a program's name."""
_SELDOM = {
    "s3:GetObject Models/*": "the demo's models come with the package",
    "sqs:ChangeMessageVisibility": "only tasks of more than twenty seconds, and those of a machine that goes",
}
NOT_ON_THE_TOUR = {
    "api": {},
    "advance": {"s3:PutObject Media/control/cancel/*": "only when a step fails for good while others work"},
    "sweep": {
        "s3:PutObject Media/control/cancel/*": "only when a lease ends for the third time",
        "s3:DeleteObject Media/media/*": "only hours later",
        "s3:DeleteObject Media/uploads/*": "only a day later",
        "s3:DeleteObject Media/control/*": "only an hour later",
    },
    "migrate": {},
    "text": {
        **_SELDOM,
        "s3:GetObject Media/media/*": "pictures are read by models that see, and no such one is in the demo's queue",
        "s3:GetObject Media/uploads/*": "the same",
    },
    "image": {**_SELDOM, "s3:DeleteObject Media/media/*/preview-*": "only pictures that take seconds have previews"},
}
"""What a program does too, but not while a test can wait, and why."""
_PROBE = "probe"
"""The session that tries what it should not: its refusals are wanted."""


@pytest.fixture(scope="session")
def toured(deployment: Deployment, address: str, machines: dict[str, Path]) -> Deployment:
    """The stage after nearly everything that its programs do has been done once."""
    ana = sign_up(address, "ana")
    first = {"name": "first", "kind": "text", "model": "smollm2-135m", "params": {"prompt": "Hello", "max_tokens": 4}}
    second = {**first, "name": "second", "params": {"prompt": "{{first}}", "max_tokens": 4}}
    drawn = {"name": "drawn", "kind": "image", "model": "demo-emoji", "params": {"prompt": "an apple. {{second}}"}}
    chain = ana.succeeded(ana.run(_pipeline(ana, "chain", [first, second, drawn])))
    edit = {"prompt": "a green apple", "image": "{{photo}}"}
    edits = _pipeline(ana, "edit", [{**drawn, "kind": "edit", "params": edit}], takes="image")
    ana.succeeded(ana.run(edits, inputs={"photo": chain["tasks"][2]["outputs"][0]["id"]}))
    uploaded = ana.succeeded(ana.run(edits, inputs={"photo": _upload(ana)}))
    result = ana.put(f"/runs/{uploaded['id']}/result", {"title": "Introduced to others"}, status=201)
    assert "Introduced to others" in ana.download(f"/results/{result['id']}").text
    ana.call("DELETE", f"/runs/{uploaded['id']}/result", status=204)
    long = {**first, "params": {"prompt": "Tell a story.", "max_tokens": 200}}
    many = {**drawn, "params": {"prompt": "an apple", "count": 8}}
    _be_busy(ana, deployment, pipeline=_pipeline(ana, "busy", [long, many]))
    return deployment


def _be_busy(person: Person, deployment: Deployment, *, pipeline: str) -> None:
    """Wake groups that sleep while work waits, send everything that is out again, and cancel it."""
    groups = deployment.aws("autoscaling")
    for queue in QUEUES:
        groups.set_desired_capacity(AutoScalingGroupName=f"atelier-{STAGE}-{queue}", DesiredCapacity=0)
    runs = [person.run(pipeline) for _ in range(6)]
    answer = deployment.aws("lambda").invoke(FunctionName=f"atelier-{STAGE}-sweep", Payload=b'{"resend": "all"}')
    assert "FunctionError" not in answer, answer["Payload"].read()
    for run in runs:
        person.call("POST", f"/runs/{run['id']}/cancel", status=202)
        person.call("DELETE", f"/runs/{run['id']}", status=204)


def _upload(person: Person) -> str:
    file = BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "PNG")
    return str(person.upload(file.getvalue())["id"])


def _pipeline(person: Person, title: str, steps: list[dict[str, Any]], *, takes: str | None = None) -> str:
    inputs = [{"name": "photo", "type": takes}] if takes else []
    return str(person.post("/pipelines", {"title": title, "spec": {"inputs": inputs, "steps": steps}})["id"])


def _calls(deployment: Deployment, program: str) -> list[dict[str, str]]:
    role = deployment.role(ROLES[program], program)
    return [call for call in deployment.calls() if call["role"] == role]


@pytest.mark.parametrize("program", ROLES)
def test_nothing_that_a_program_does_is_refused(toured: Deployment, program: str) -> None:
    refused = [call for call in _calls(toured, program) if call["denied"] and call["session"] != _PROBE]
    assert refused == []


@pytest.mark.parametrize("program", ROLES)
def test_a_program_has_no_right_without_a_use(toured: Deployment, program: str) -> None:
    used = [call for call in _calls(toured, program) if not call["denied"]]
    unused = {
        _plain(toured, right) for right in _rights(toured, program) if not any(_fits(call, right) for call in used)
    }
    beside = {
        right for right in unused if any(fnmatch.fnmatchcase(right, f"{p} *") for p in BESIDE_THE_PROGRAM[program])
    }
    seldom = {right for right in unused if any(right.startswith(known) for known in NOT_ON_THE_TOUR[program])}
    assert unused - beside - seldom == set()


def _fits(call: dict[str, str], right: tuple[str, str]) -> bool:
    return call["action"] == right[0] and fnmatch.fnmatchcase(call["resource"], right[1])


def _plain(deployment: Deployment, right: tuple[str, str]) -> str:
    """A right as people write it: with the stack's own names of buckets."""
    action, resource = right
    for name in ("Media", "Models", "Site"):
        resource = resource.replace(f"arn:aws:s3:::{deployment.bucket(name)}", name)
    return f"{action} {resource}"


def _rights(deployment: Deployment, program: str) -> Iterator[tuple[str, str]]:
    """Each action and resource that the policies of a program's role allow."""
    iam, role = deployment.aws("iam"), deployment.role(ROLES[program], program)
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == [], "no policy of AWS's own"
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in (document if isinstance(document, dict) else json.loads(document))["Statement"]:
            if statement["Effect"] == "Allow":
                yield from ((a, r) for a in _listed(statement["Action"]) for r in _listed(statement["Resource"]))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


Temptation = tuple[str, str, Callable[[Any, Deployment], Any]]
_ANY_ID = "0" * 32
TEMPTATIONS: dict[str, list[Temptation]] = {
    "api": [
        ("reports events as if it were a worker", "sqs", lambda c, d: _send(c, d.queue("Events"))),
        ("takes tasks off their queue", "sqs", lambda c, d: c.receive_message(QueueUrl=d.queue("StepsText"))),
        ("empties a queue", "sqs", lambda c, d: c.purge_queue(QueueUrl=d.queue("StepsText"))),
        ("reads what somebody uploaded", "s3", lambda c, d: _get(c, d.bucket("Media"), f"uploads/{_ANY_ID}")),
        ("deletes media", "s3", lambda c, d: _delete(c, d.bucket("Media"), f"media/{_ANY_ID}/0.png")),
        ("lists all media", "s3", lambda c, d: c.list_objects_v2(Bucket=d.bucket("Media"), Prefix="media/")),
        ("changes the page", "s3", lambda c, d: _put(c, d.bucket("Site"), "index.html")),
        ("migrates", "lambda", lambda c, d: c.invoke(FunctionName=f"atelier-{STAGE}-migrate")),
        ("starts machines", "autoscaling", lambda c, d: _resize(c, f"atelier-{STAGE}-image")),
    ],
    "advance": [
        ("reports events as if it were a worker", "sqs", lambda c, d: _send(c, d.queue("Events"))),
        ("empties a queue", "sqs", lambda c, d: c.purge_queue(QueueUrl=d.queue("Events"))),
        ("reads media", "s3", lambda c, d: _get(c, d.bucket("Media"), f"media/{_ANY_ID}/0.png")),
        ("writes media", "s3", lambda c, d: _put(c, d.bucket("Media"), f"media/{_ANY_ID}/0.png")),
        ("starts machines", "autoscaling", lambda c, d: _resize(c, f"atelier-{STAGE}-image")),
    ],
    "sweep": [
        ("reads media", "s3", lambda c, d: _get(c, d.bucket("Media"), f"media/{_ANY_ID}/0.png")),
        ("lists what it does not sweep", "s3", lambda c, d: c.list_objects_v2(Bucket=d.bucket("Media"))),
        ("deletes models", "s3", lambda c, d: _delete(c, d.bucket("Models"), "model")),
        ("takes tasks off their queue", "sqs", lambda c, d: c.receive_message(QueueUrl=d.queue("StepsText"))),
        ("resizes somebody else's group", "autoscaling", lambda c, d: _resize(c, "somebody-elses")),
    ],
    "migrate": [
        ("sends tasks", "sqs", lambda c, d: _send(c, d.queue("StepsText"))),
        ("reads media", "s3", lambda c, d: _get(c, d.bucket("Media"), f"media/{_ANY_ID}/0.png")),
    ],
    "text": [
        ("takes the other queue's tasks", "sqs", lambda c, d: c.receive_message(QueueUrl=d.queue("StepsImage"))),
        ("makes up tasks", "sqs", lambda c, d: _send(c, d.queue("StepsText"))),
    ],
    "image": [
        ("takes the other queue's tasks", "sqs", lambda c, d: c.receive_message(QueueUrl=d.queue("StepsText"))),
        ("makes up tasks", "sqs", lambda c, d: _send(c, d.queue("StepsImage"))),
    ],
}
OF_MACHINES: list[Temptation] = [
    ("reads others' events", "sqs", lambda c, d: c.receive_message(QueueUrl=d.queue("Events"))),
    ("lists all media", "s3", lambda c, d: c.list_objects_v2(Bucket=d.bucket("Media"), Prefix="media/")),
    ("reads beside its prefixes", "s3", lambda c, d: _get(c, d.bucket("Media"), f"others/{_ANY_ID}")),
    ("reads the page's bucket", "s3", lambda c, d: _get(c, d.bucket("Site"), "index.html")),
    ("deletes media", "s3", lambda c, d: _delete(c, d.bucket("Media"), f"media/{_ANY_ID}/0.png")),
    ("replaces an upload", "s3", lambda c, d: _put(c, d.bucket("Media"), f"uploads/{_ANY_ID}")),
    ("cancels others' tasks", "s3", lambda c, d: _put(c, d.bucket("Media"), f"control/cancel/{_ANY_ID}")),
    ("replaces a model", "s3", lambda c, d: _put(c, d.bucket("Models"), "model")),
    ("changes the page", "s3", lambda c, d: _put(c, d.bucket("Site"), "index.html")),
    ("starts machines", "autoscaling", lambda c, d: _resize(c, f"atelier-{STAGE}-image")),
    ("measures in others' names", "cloudwatch", lambda c, d: _measure(c, "AWS/Billing")),
]
FOR_EVERYBODY: list[Temptation] = [
    ("reads the secrets", "secretsmanager", lambda c, d: c.get_secret_value(SecretId=_origin_secret(d))),
    ("deletes the bucket", "s3", lambda c, d: c.delete_bucket(Bucket=d.bucket("Media"))),
    ("opens the bucket", "s3", lambda c, d: c.put_bucket_policy(Bucket=d.bucket("Media"), Policy="{}")),
    ("reads the logs of people's visits", "s3", lambda c, d: _get(c, d.bucket("Logs"), "cloudfront/x.gz")),
    ("deletes a queue", "sqs", lambda c, d: c.delete_queue(QueueUrl=d.queue("Events"))),
    ("reads somebody else's bucket", "s3", lambda c, d: _get(c, f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}", "x")),
    ("replaces a function", "lambda", lambda c, d: _replace(c, f"atelier-{STAGE}-api")),
    ("deletes the database", "rds", lambda c, d: c.delete_db_instance(DBInstanceIdentifier="database")),
    ("makes itself an account", "iam", lambda c, d: c.create_user(UserName="me")),
    ("becomes the deployer", "sts", lambda c, d: _become(c, "cdk-hnb659fds-deploy-role")),
]


def _send(client: Any, url: str) -> Any:
    return client.send_message(QueueUrl=url, MessageBody="{}")


def _get(client: Any, bucket: str, key: str) -> Any:
    return client.get_object(Bucket=bucket, Key=key)


def _put(client: Any, bucket: str, key: str) -> Any:
    return client.put_object(Bucket=bucket, Key=key, Body=b"x")


def _delete(client: Any, bucket: str, key: str) -> Any:
    return client.delete_object(Bucket=bucket, Key=key)


def _resize(client: Any, group: str) -> Any:
    return client.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=9)


def _measure(client: Any, namespace: str) -> Any:
    return client.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "EstimatedCharges", "Value": 0}])


def _replace(client: Any, function: str) -> Any:
    return client.update_function_code(FunctionName=function, ZipFile=b"")


def _become(client: Any, role: str) -> Any:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}-{ACCOUNT}-{REGION}"
    return client.assume_role(RoleArn=arn, RoleSessionName="me")


def _origin_secret(deployment: Deployment) -> str:
    secrets = deployment.resources("api", "AWS::SecretsManager::Secret")
    return next(arn for logical, arn in secrets.items() if logical.startswith("Origin"))


@pytest.mark.parametrize("program", ROLES)
def test_a_program_is_refused_what_would_tempt_it(deployment: Deployment, program: str) -> None:
    rights = deployment.credentials(deployment.role(ROLES[program], program), session=_PROBE)
    for title, service, tempted in (*TEMPTATIONS[program], *(OF_MACHINES if program in QUEUES else ()), *FOR_EVERYBODY):
        client = boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=deployment.endpoint,
            region_name=REGION,
            aws_access_key_id=rights["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=rights["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=rights["AWS_SESSION_TOKEN"],
        )
        with pytest.raises(ClientError) as refused:
            tempted(client, deployment)
        assert "AccessDenied" in refused.value.response["Error"]["Code"], f"{program} {title}: {refused.value}"
