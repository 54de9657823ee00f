"""The one zip of all functions, made by pip without Docker, for the machine that the functions run on."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
BUNDLES = ROOT / ".cache" / "bundles"

_REQUIREMENTS = ROOT / "lambdas" / "requirements.txt"
_CONSTRAINTS = ROOT / "constraints.txt"
_SOURCES = ("contract", "lambdas", "migrations")
_SUFFIXES = frozenset({".py", ".sql", ".toml"})
_FOR_BUILDING = ("cffi", "pycparser")
"""argon2's bindings are compiled: at run time they need cffi's own extension only, which stands beside it."""
_UNUSED = (
    "pydantic/v1",
    "aws_lambda_powertools/event_handler",
    *(
        f"aws_lambda_powertools/utilities/{utility}"
        for utility in (
            "auth_alpha", "circuit_breaker", "data_masking", "feature_flags", "idempotency", "kafka", "parameters",
            "streaming", "validation",
        )
    ),
)  # fmt: skip
"""Pydantic's past; and of Powertools, which is one package, all utilities that batches do without."""
_IN_RUNTIME = "boto3"
"""What a Lambda brings along: 17 MB less to load, and always in the version that AWS keeps safe."""


class BundlingFailed(Exception):
    """What pip or the compiler said, for the person at the terminal."""


@dataclass(frozen=True)
class Target:
    """The machine that a bundle is for."""

    python: str = "3.13"
    """Minor version: wheels and bytecode fit only one."""
    machine: str = "aarch64"
    boto_included: bool = False
    """Whether boto3 goes into the bundle, for a machine that is no Lambda."""

    @property
    def platforms(self) -> list[str]:
        """The tags of wheels that run there, the newest first: Amazon Linux 2023 has glibc 2.34."""
        numbered = [f"manylinux_2_{minor}_{self.machine}" for minor in range(34, 16, -1)]
        return [*numbered, f"manylinux2014_{self.machine}"]


LAMBDA = Target()


def bundle(target: Target = LAMBDA, *, folder: Path = BUNDLES) -> Path:
    """The folder of a bundle, made anew only when sources or pins have changed; raises BundlingFailed."""
    compiler = find_python(target.python)
    path = folder / fingerprint(target, compiled=compiler is not None)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix="making-") as work:
            _fill(Path(work), target=target, compiler=compiler)
            Path(work).chmod(0o755)
            _move(Path(work), path)
    return path


def fingerprint(target: Target, *, compiled: bool) -> str:
    """What a bundle depends on, as a hash: sources, pins, and the machine that it is for."""
    digest = hashlib.sha256(f"{target} {compiled}\n".encode())
    for path in [_REQUIREMENTS, _CONSTRAINTS, Path(__file__), *sources()]:
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def migrations_fingerprint() -> str:
    """What the database is brought up to, as a hash: the custom resource applies when it changes."""
    digest = hashlib.sha256()
    # And what the application's user may do, which is granted right after them.
    for path in [*sorted((ROOT / "migrations").glob("*.sql")), ROOT / "lambdas" / "store" / "sql" / "roles.sql"]:
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def sources() -> list[Path]:
    """The files of this repository that the functions need, in one order everywhere."""
    paths = (path for name in _SOURCES for path in (ROOT / name).rglob("*"))
    return sorted(path for path in paths if path.suffix in _SUFFIXES and path.is_file())


def find_python(version: str) -> Path | None:
    """An interpreter of this minor version on this machine, or None: only it makes bytecode that the functions read."""
    for candidate in _candidates(version):
        command = [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        try:
            found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)  # noqa: S603
        except (OSError, subprocess.SubprocessError):
            continue
        if found.stdout.strip() == version:
            return Path(candidate)
    return None


def _candidates(version: str) -> Iterator[str]:
    yield sys.executable
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    # Where pyenv and uv keep the interpreters that they installed.
    for keeper in (".pyenv/versions", ".local/share/uv/python"):
        yield from sorted(str(path) for path in Path.home().glob(f"{keeper}/*{version}*/bin/python{version}"))


def _fill(folder: Path, *, target: Target, compiler: Path | None) -> None:
    _install(folder, target=target)
    _slim(folder)
    for path in sources():
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    if compiler is not None:
        _compile(folder, compiler=compiler)


def _compile(folder: Path, *, compiler: Path) -> None:
    """Bytecode beside the sources of this repository, and in place of everybody else's: a third less to load."""
    # Unchecked: a zip keeps no times that bytecode could be compared with, and nothing in it ever changes.
    compile_all = ["-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    strip = ["-s", str(folder), "-p", "/var/task"]
    own = [str(folder / name) for name in _SOURCES]
    _run([str(compiler), *compile_all, *strip, *own])
    own_pattern = rf"^{re.escape(str(folder))}/({'|'.join(_SOURCES)})/"
    _run([str(compiler), *compile_all, *strip, "-b", "-x", own_pattern, str(folder)])
    for path in folder.rglob("*.py"):
        if path.relative_to(folder).parts[0] not in _SOURCES:
            path.unlink()


def _slim(folder: Path) -> None:
    """Without what is not used at run time."""
    for name in ("bin", *_FOR_BUILDING, *_UNUSED):
        shutil.rmtree(folder / name, ignore_errors=True)
    for pattern in ("*.pyi", "*.dist-info/RECORD"):
        for path in folder.rglob(pattern):
            path.unlink()


def _install(folder: Path, *, target: Target) -> None:
    lines = _REQUIREMENTS.read_text("utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    if not target.boto_included:
        wanted = [line for line in wanted if not line.startswith(f"{_IN_RUNTIME}==")]
    platforms = [part for platform in target.platforms for part in ("--platform", platform)]
    _run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"),
            *("--target", str(folder), "--no-compile", "--only-binary", ":all:", "--implementation", "cp"),
            *("--python-version", target.python, *platforms, "-c", str(_CONSTRAINTS), *wanted),
        ]
    )


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BundlingFailed(f"{' '.join(command[:5])} … failed:\n{done.stderr or done.stdout}")


def _move(work: Path, path: Path) -> None:
    """Whoever finishes first keeps its bundle: two synths at one time make the same."""
    try:
        os.rename(work, path)  # noqa: PTH104 - Path.rename reads as if it were about names
    except OSError:
        if not path.exists():
            raise
    else:
        work.mkdir()
