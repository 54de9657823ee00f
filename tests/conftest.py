"""Fixtures that every test folder shares: the real servers, started once a session and only when asked for."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.services.ministack import CREDENTIALS, running_ministack
from tests.services.postgres import running_postgres

_SHARED_SERVERS = ("tests/deploy", "tests/e2e")
"""Folders whose files use one thing that takes long to start."""


class _ByServers(LoadScopeScheduling):
    """Keeps on one process what shares its servers: a file, or all files of such a folder."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return next((folder for folder in _SHARED_SERVERS if file.startswith(f"{folder}/")), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByServers:
    """How tests are dealt out to processes; xdist's own marks for this do nothing on this pytest."""
    return _ByServers(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How often the worker of tests/e2e/test_kills.py is killed, and when."""
    parser.addoption("--kills", type=int, default=25, help="how often a worker is killed at a random point")
    parser.addoption("--kill-seed", type=int, help="the same points as another run that printed this")


@pytest.fixture(scope="session", autouse=True)
def _aws_credentials() -> Iterator[None]:
    """No test ever sees the credentials of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_PROFILE", raising=False)
        patch.delenv("AWS_SESSION_TOKEN", raising=False)
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint URL of a MiniStack; make queues and buckets of your own with `tests.services.ministack`."""
    with running_ministack(tmp_path_factory.mktemp("ministack")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URI of a PostgreSQL server; make a database of your own with `tests.services.postgres.fresh_database`.

    Not under pytest's folder: each start of pytest closes that to other users, and under root the server is one.
    """
    with TemporaryDirectory(prefix="atelier-postgres-") as folder, running_postgres(Path(folder) / "data") as uri:
        yield uri
