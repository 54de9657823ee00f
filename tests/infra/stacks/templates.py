"""Stages as CloudFormation, without the functions' code: that has tests of its own."""

import atexit
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from aws_cdk import App
from aws_cdk import aws_lambda as lambda_

from infra.stacks.settings import StageSettings, parse_stage
from infra.stacks.stage import compose

ROOT = Path(__file__).resolve().parents[3]
CDK = json.loads((ROOT / "cdk.json").read_text())
EMULATOR = {
    "database_url": "postgresql://postgres@127.0.0.1:5432/atelier",
    "endpoint_url": "http://127.0.0.1:4566",
    "platform": "x86_64",
    "python": "3.11",
}

Properties = dict[str, Any]


@dataclass(frozen=True)
class Stage:
    """A stage's settings and templates, these by the part of the stage: `network`, `data` and so on."""

    settings: StageSettings
    app: App
    parts: dict[str, dict[str, Any]]

    def found(self, part: str, kind: str) -> dict[str, Properties]:
        """The properties of the resources of a type, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.parts[part]["Resources"].items()
            if resource["Type"] == kind
        }

    def one(self, part: str, kind: str, beginning: str = "") -> Properties:
        """The properties of the only resource of a type whose logical id begins so."""
        (properties,) = [value for name, value in self.found(part, kind).items() if name.startswith(beginning)]
        return properties

    def types(self) -> set[str]:
        """Every type of resource in the stage."""
        return {
            resource["Type"] for template in self.parts.values() for resource in template.get("Resources", {}).values()
        }


def stage_settings(name: str, **changes: Any) -> StageSettings:
    """An example stage of cdk.json with some settings changed."""
    return parse_stage(name, {**CDK["context"]["stages"].get(name, {"region": "us-east-1"}), **changes})


def synthesized(name: str, *, context: dict[str, Any] | None = None, **changes: Any) -> Stage:
    """The templates of a stage."""
    folder = Path(_folder("code"))
    (folder / "handler.py").write_text("def handler(event, context): ...\n")
    page = Path(_folder("page"))
    (page / "index.html").write_text("<!doctype html><title>Atelier</title>")
    app = App(context={**CDK["context"], **(context or {})}, outdir=_folder("cdk"), analytics_reporting=False)
    settings = stage_settings(name, **changes)
    compose(app, settings, code=lambda_.Code.from_asset(str(folder)), page=page)
    stacks = app.synth().stacks
    beginning = f"{settings.prefix}-"
    return Stage(settings, app, {stack.stack_name.removeprefix(beginning): stack.template for stack in stacks})


def an_emulated_stage() -> Stage:
    """The stage that the tests deploy into the emulator, or one like it."""
    return synthesized("emulated", emulator=EMULATOR, retain=False)


def _folder(name: str) -> str:
    """A folder that is there until the tests end."""
    path = mkdtemp(prefix=f"atelier-{name}-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path
