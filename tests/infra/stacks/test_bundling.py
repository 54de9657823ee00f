"""The zip holds what the functions need, for their machine, and nothing else."""

import platform
import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from importlib.util import MAGIC_NUMBER
from io import BytesIO
from pathlib import Path

import pytest
from aws_cdk import App
from packaging.requirements import Requirement
from packaging.tags import parse_tag
from packaging.utils import canonicalize_name

from infra.stacks.bundling import LAMBDA, Target, bundle, find_python, fingerprint
from infra.stacks.stage import code_of
from tests.infra.stacks.templates import ROOT, stage_settings

pytestmark = pytest.mark.slow

LAMBDA_GLIBC = 34
"""Amazon Linux 2023: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"""
ARM64 = 183
UNCHECKED_HASH = 1
HANDLERS = ("lambdas.api.app", "lambdas.advance.handler", "lambdas.sweep.handler", "lambdas.migrate.handler")


@pytest.fixture(scope="module")
def arm() -> Path:
    """The bundle that is deployed."""
    return bundle()


@pytest.fixture(scope="module")
def own() -> Path:
    """A bundle for this machine, from the same pins: the one that the tests of the deployment deploy."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return bundle(Target(python=python, machine=platform.machine(), boto_included=True))


def wheels(folder: Path) -> dict[str, Path]:
    """The metadata folder of each package."""
    return {canonicalize_name(path.name.split("-")[0]): path for path in folder.glob("*.dist-info")}


def test_every_wheel_is_for_the_machine_of_the_functions(arm: Path) -> None:
    for name, folder in wheels(arm).items():
        lines = (folder / "WHEEL").read_text().splitlines()
        tags = {tag for line in lines if line.startswith("Tag: ") for tag in parse_tag(line.removeprefix("Tag: "))}
        assert any(runs_on_lambda(tag.interpreter, tag.abi, tag.platform) for tag in tags), f"{name}: {tags}"


def runs_on_lambda(interpreter: str, abi: str, machine: str) -> bool:
    if machine == "any":
        return interpreter == "py3" and abi == "none"
    if not machine.startswith("manylinux") or not machine.endswith("_aarch64"):
        return False
    glibc = 17 if machine.startswith("manylinux2014") else int(machine.split("_")[2])
    stable = abi == "abi3" and int(interpreter.removeprefix("cp3")) <= 13
    return glibc <= LAMBDA_GLIBC and (stable or (interpreter, abi) in {("cp313", "cp313"), ("py3", "none")})


def test_every_extension_is_machine_code_of_that_machine(arm: Path) -> None:
    found = [path for path in arm.rglob("*.so*") if path.is_file()]
    assert len(found) > 5
    for path in found:
        header = path.read_bytes()[:20]
        assert header[:4] == b"\x7fELF"
        assert int.from_bytes(header[18:20], "little") == ARM64, path.name


def test_everything_that_a_package_needs_there_is_in_the_zip_as_pinned(arm: Path) -> None:
    """Pip reads markers as of the machine that it runs on: what only another Python needs would be missing."""
    there = {"python_version": "3.13", "python_full_version": "3.13.0", "platform_machine": "aarch64"}
    versions = {name: metadata(folder)["Version"] for name, folder in wheels(arm).items()}
    for name, folder in wheels(arm).items():
        for line in metadata(folder).get_all("Requires-Dist") or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({**there, "extra": ""}):
                version = versions[canonicalize_name(needed.name)]
                assert needed.specifier.contains(version), f"{name} needs {line}, not {version}"
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    pinned = {canonicalize_name(name): version for name, version in pins.items()}
    assert versions == {name: pinned[name] for name in versions}


def metadata(folder: Path) -> "HeaderParser":
    return HeaderParser().parsestr((folder / "METADATA").read_text("utf-8"))


def test_the_zip_is_small_and_leaves_out_what_a_lambda_brings_along(arm: Path) -> None:
    assert not {"boto3", "botocore"} & set(wheels(arm))
    zipped = BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(arm.rglob("*")):
            archive.write(path, path.relative_to(arm))
    assert len(zipped.getvalue()) <= 10_000_000


def test_bytecode_is_never_compared_with_its_source(arm: Path) -> None:
    if find_python(LAMBDA.python) is None:
        pytest.skip(f"no Python {LAMBDA.python} on this machine: the zip goes without bytecode")
    compiled = list(arm.rglob("*.pyc"))
    assert len(compiled) > 300
    heads = {path.read_bytes()[:8] for path in compiled}
    assert {int.from_bytes(head[4:], "little") for head in heads} == {UNCHECKED_HASH}
    assert {head[2:4] for head in heads} == {b"\r\n"}
    assert len({head[:2] for head in heads}) == 1
    sources = {path.relative_to(arm).parts[0] for path in arm.rglob("*.py")}
    assert sources == {"contract", "lambdas"}, "tracebacks through our own code show its lines"


def test_every_function_starts_from_its_zip_alone(own: Path) -> None:
    program = "\n".join(
        [
            "import importlib, sys",
            f"sys.path.insert(0, {str(own)!r})",
            f"modules = [importlib.import_module(name) for name in {HANDLERS!r}]",
            "from argon2 import PasswordHasher",
            "PasswordHasher().verify(PasswordHasher().hash('a password'), 'a password')",
            "from lambdas.store import migrations",
            "assert migrations.read()",
            "from contract import catalogue",
            "assert catalogue.load('gpu').models",
            "import psycopg, pydantic_core",
            "strangers = [m.__name__ for m in sys.modules.values() if 'site-packages' in str(getattr(m, '__file__', ''))]",
            "assert not strangers, strangers",
        ]
    )
    # -I and -S: neither the environment, nor this folder, nor what is installed here.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    if find_python(f"{sys.version_info.major}.{sys.version_info.minor}"):
        assert (own / "fastapi" / "__init__.pyc").read_bytes()[:4] == MAGIC_NUMBER


def test_without_that_python_the_zip_is_whole_and_synth_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.stacks.bundling.find_python", lambda _: None)
    monkeypatch.setattr("infra.stacks.stage.find_python", lambda _: None)
    folder = bundle()
    assert not list(folder.rglob("*.pyc"))
    assert (folder / "fastapi" / "__init__.py").exists()
    monkeypatch.setattr("infra.stacks.stage.bundle", lambda _: folder)
    app = App(outdir=str(tmp_path / "out"), analytics_reporting=False)
    code_of(app, stage_settings("small"))
    (warning,) = [entry.data for entry in app.node.metadata if entry.type == "aws:cdk:warning"]
    assert "No Python 3.13 on this machine" in warning


def test_a_bundle_is_made_anew_for_another_machine_only(own: Path) -> None:
    other = Target(python="3.13", machine="x86_64")
    assert (
        len(
            {fingerprint(LAMBDA, compiled=True), fingerprint(LAMBDA, compiled=False), fingerprint(other, compiled=True)}
        )
        == 3
    )
    before = own.stat().st_mtime_ns
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert bundle(Target(python=python, machine=platform.machine(), boto_included=True), folder=own.parent) == own
    assert own.stat().st_mtime_ns == before
