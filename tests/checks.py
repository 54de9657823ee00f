"""`python -m tests.checks`: every check that is no test, side by side; only what a failed one says is shown."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_PYTHON = sys.executable
_BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Check:
    """A command that fails when something is not as it should be, and what then helps."""

    name: str
    command: tuple[str, ...]
    advice: str = ""


# The long ones first, so that the short ones fill what is left of the other core.
CHECKS = (
    Check("pyright", (f"{_BIN}/pyright",)),
    Check("web", (_PYTHON, "-m", "infra.local.setup", "npm", "run", "check", "--silent")),
    Check("mypy", (f"{_BIN}/mypy",)),
    Check("imports", (f"{_BIN}/lint-imports",)),
    Check(
        "openapi", (_PYTHON, "-m", "tests.checks", "openapi"), "web/openapi.json does not fit the API: make generate"
    ),
    Check("style", (f"{_BIN}/ruff", "check", ".")),
    Check("format", (f"{_BIN}/ruff", "format", "--check", "."), "ruff format . does it"),
)


def main() -> int:
    """0 when all of them pass."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return max(0 if passed else 1 for passed in pool.map(_passes, CHECKS))


def _passes(check: Check) -> bool:
    began = time.monotonic()
    environment = {**os.environ, "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}"}  # noqa: TID251 - handed on
    done = subprocess.run(
        check.command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    said = "" if done.returncode == 0 else f"\n{done.stdout.rstrip()}\n{check.advice}".rstrip() + "\n"
    word = "failed" if done.returncode else "passed"
    sys.stdout.write(f"{check.name:<8} {word} in {time.monotonic() - began:.0f} s{said}\n")
    sys.stdout.flush()
    return done.returncode == 0


def _openapi() -> int:
    from lambdas.api.__main__ import text

    return 0 if text() == (ROOT / "web" / "openapi.json").read_text() else 1


if __name__ == "__main__":
    sys.exit(_openapi() if sys.argv[1:] == ["openapi"] else main())
