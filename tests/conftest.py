"""Fixtures that every test folder shares: the real servers, started once a session and only when asked for."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.services.ministack import CREDENTIALS, running_ministack
from tests.services.postgres import running_postgres

# How fast a machine is, and what else it does, decides about no test.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", settings.get_profile("any machine"), max_examples=15)
settings.load_profile("any machine")

_SHARED_SERVERS = ("tests/deploy", "tests/e2e", "tests/infra/local", "tests/infra/stacks")
"""Folders whose files use one thing that takes long to start or to make."""


_LONGEST = ("tests/deploy", "tests/e2e")
"""They mostly wait for processes of their own, so the others fill the cores meanwhile."""


class _ByServers(LoadScopeScheduling):
    """Keeps on one process what shares its servers: a file, or all files of such a folder."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return next((folder for folder in _SHARED_SERVERS if file.startswith(f"{folder}/")), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByServers:
    """How tests are dealt out to processes; xdist's own marks for this do nothing on this pytest."""
    return _ByServers(config, log)


_MARKED_BY_FIXTURE = {
    "deployment": "deploy",
    "edition": "e2e",
    "start_worker": "model",
    "busy_site": "model",
    "folder": "model",
    "running_home": "slow",
    "stopped_home": "slow",
}
"""What a test asks for says what it costs."""
_LOADING_MODELS = {
    *("engines", "demo_model", "safety", "test_classifier.py", "test_fuzz.py", "test_process.py"),
    *("test_batches.py", "test_outputs.py", "test_start_pictures.py"),
}
"""Rooms and files of the worker's tests in which nearly every test loads a model or trains one."""
_FAST = "not (proof or slow or deploy or e2e or browser or model)"


def _loads_models(path: Path) -> bool:
    return "gpu_worker" in path.parts and not _LOADING_MODELS.isdisjoint(path.parts)


def pytest_configure(config: pytest.Config) -> None:
    """What `--fast` stands for."""
    if config.option.fast:
        config.option.markexpr = _FAST
        settings.load_profile("fast")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `--fast`, leave out unread what would be left out anyway: importing it takes half of the time."""
    dear = _loads_models(collection_path) or collection_path.name == "test_fuzz.py"
    return True if config.option.fast and dear else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the dear things that it uses, before `-m` chooses; and what takes longest comes first."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))
    for item in items:
        if _loads_models(item.path):
            item.add_marker("model")
        for fixture, mark in _MARKED_BY_FIXTURE.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)


def pytest_addoption(parser: pytest.Parser) -> None:
    """A minute's worth of tests; how often the worker of tests/e2e/test_kills.py is killed, and when."""
    parser.addoption("--fast", action="store_true", help="only what needs no browser, no model and no deployment")
    parser.addoption("--kills", type=int, help="how often a worker is killed at a random point, whatever the test says")
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
