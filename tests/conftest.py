"""Fixtures that every test folder shares: the real servers, started once a session and only when asked for."""

from collections.abc import Iterator

import pytest

from tests.services.ministack import CREDENTIALS, running_ministack
from tests.services.postgres import running_postgres


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
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of a PostgreSQL server; make a database of your own with `tests.services.postgres.fresh_database`."""
    with running_postgres(tmp_path_factory.mktemp("postgres") / "data") as uri:
        yield uri
