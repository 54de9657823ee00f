"""A GPU machine of the deployed stage: the user data of its launch template, run here with the rights of its role."""

import base64
import os
import re
import shlex
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.deploy.deployment import Deployment, node_folder
from tests.e2e.edition import MODELS
from tests.services import children
from tests.services.ministack import CREDENTIALS

_AWS_CLI = """#!{python}
import sys, boto3
*_, source, target = sys.argv[1:]
assert sys.argv[1:3] == ["s3", "cp"], sys.argv
bucket, _, key = source.removeprefix("s3://").partition("/")
boto3.client("s3").download_file(bucket, key, target)
"""
"""The one command of the AWS CLI that a machine needs before it is a machine of a group; the AMI brings the real one."""


@contextmanager
def a_machine(deployment: Deployment, queue: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A machine of a queue that runs its user data in an empty folder, and then its worker, as long as the block."""
    (folder / "home").mkdir(parents=True)
    MODELS.mkdir(parents=True, exist_ok=True)
    (folder / "home" / "models").symlink_to(MODELS)
    script = folder / "user-data"
    script.write_text(user_data(deployment, queue))
    with (folder / "machine.log").open("wb") as log:
        environment = _environment(deployment, queue, folder)
        process = children.start(["bash", script], cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        children.forget(process.pid)


def user_data(deployment: Deployment, queue: str) -> str:
    """The script of the queue's launch template, as the stack deployed it."""
    (template,) = (
        physical
        for logical, physical in deployment.resources("gpu", "AWS::EC2::LaunchTemplate").items()
        if logical.startswith(queue.capitalize())
    )
    answer = deployment.aws("ec2").describe_launch_template_versions(LaunchTemplateId=template, Versions=["$Latest"])
    data = answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    return base64.b64decode(data["UserData"]).decode()


def told(script: str) -> dict[str, str]:
    """What the script is told about its stage."""
    return dict(re.findall(r"^export (\w+)='(.*)'$", script, flags=re.MULTILINE))


def _environment(deployment: Deployment, queue: str, folder: Path) -> dict[str, str]:
    tools = folder / "tools"
    tools.mkdir()
    cli = tools / "aws"
    cli.write_text(_AWS_CLI.format(python=shlex.quote(sys.executable)))
    cli.chmod(0o755)
    role = deployment.role("gpu", queue)
    return {
        **CREDENTIALS,
        **deployment.credentials(role, session="machine"),
        "AWS_ENDPOINT_URL": deployment.endpoint,
        "PATH": f"{tools}:{node_folder()}:/usr/bin:/bin",
        "HOME": str(folder),
        "ATELIER_MACHINE": "here",
        "ATELIER_HOME": str(folder / "home"),
        "ATELIER_PREFIX": str(folder / "prefix"),
        "ATELIER_PYTHON": sys.executable,
        "ATELIER_ALIVE_SECONDS": "2",
        # pip finds the pinned packages here and has nothing to fetch: they are gigabytes, and the same ones.
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }


def log_of(folder: Path) -> list[Any]:
    """What a machine has said so far, for a test that fails."""
    return (folder / "machine.log").read_text("utf-8", "replace").splitlines()[-40:]
