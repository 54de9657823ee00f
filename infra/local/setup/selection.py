"""What `T=…` means: paths of tests, short ones too, or an expression over their names; and what they need to run."""

import shlex

from infra.local.setup.programs import ROOT

_NEED_THE_API_ALONE = (
    "tests/lambdas",
    "tests/contract/test_spec.py",
    "tests/contract/test_templates.py",
    "tests/services",
)


def arguments(selection: str) -> list[str]:
    """What pytest is given: `lambdas/api` is the folder `tests/lambdas/api`, what is no path is an expression."""
    found = [_path(word) for word in shlex.split(selection)]
    paths = [path for path in found if path]
    return paths if paths and len(paths) == len(found) else ["-k", selection]


def needs(selection: str) -> str:
    """The name of the set-up that these tests need."""
    paths = arguments(selection)
    return "api" if all(path.startswith(_NEED_THE_API_ALONE) for path in paths) else "dev"


def _path(word: str) -> str | None:
    file, _, rest = word.partition("::")
    for folder in ("", "tests/"):
        if file and (ROOT / folder / file).exists() and f"{folder}{file}".startswith("tests/"):
            return f"{folder}{word}" if rest else f"{folder}{file}"
    return None
