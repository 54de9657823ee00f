"""One deployment for the whole session, its site's address, and a machine for each of its queues."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infra.stacks.settings import QUEUES
from tests.deploy import machine
from tests.deploy.deployment import CLI, PAGE, ROOT, Deployment, a_deployment
from tests.deploy.edge import an_address_of
from tests.services.postgres import fresh_database


@pytest.fixture(scope="session")
def deployment(postgres: str) -> Iterator[Deployment]:
    """The stage, as the CLI deployed it."""
    for needed in (CLI, PAGE / "index.html"):
        if not needed.exists():
            pytest.skip(f"needs {needed.relative_to(ROOT)}: make test makes it")
    with (
        TemporaryDirectory(prefix="atelier-deploy-", ignore_cleanup_errors=True) as folder,
        a_deployment(Path(folder), database=fresh_database(postgres)) as deployed,
    ):
        yield deployed


@pytest.fixture(scope="session")
def address(deployment: Deployment) -> Iterator[str]:
    """Where the site answers."""
    with an_address_of(deployment) as site:
        yield site


@pytest.fixture(scope="session")
def machines(deployment: Deployment) -> Iterator[dict[str, Path]]:
    """The folder of a running machine for each queue."""
    with TemporaryDirectory(prefix="atelier-machines-", ignore_cleanup_errors=True) as root, ExitStack() as stack:
        folders = {queue: Path(root) / queue for queue in QUEUES}
        for queue, folder in folders.items():
            stack.enter_context(machine.a_machine(deployment, queue, folder))
        yield folders
