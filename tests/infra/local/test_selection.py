"""What `T=…` of make test and make fast means, and what it installs."""

import pytest

from infra.local.setup.selection import arguments, needs
from infra.local.setup.stages import SETS


@pytest.mark.parametrize(
    ("said", "given"),
    [
        ("lambdas", ["tests/lambdas"]),
        ("tests/lambdas", ["tests/lambdas"]),
        ("lambdas/api contract", ["tests/lambdas/api", "tests/contract"]),
        (
            "lambdas/api/test_runs.py::test_a_wrong_field_is_named",
            ["tests/lambdas/api/test_runs.py::test_a_wrong_field_is_named"],
        ),
        ("cancelled and not doubled", ["-k", "cancelled and not doubled"]),
        ("infra/local/test_pins.py", ["tests/infra/local/test_pins.py"]),
    ],
)
def test_a_path_under_tests_is_a_path_and_anything_else_an_expression(said: str, given: list[str]) -> None:
    assert arguments(said) == given


@pytest.mark.parametrize(("said", "name"), [("lambdas", "api"), ("lambdas infra", "dev"), ("a word", "dev")])
def test_the_tests_of_the_api_alone_need_neither_pytorch_nor_the_cdk(said: str, name: str) -> None:
    assert needs(said) == name
    installed = {stage.name for stage in SETS[name]}
    assert ({"torch", "worker", "cdk", "cdk-packages"} <= installed) == (name == "dev")
