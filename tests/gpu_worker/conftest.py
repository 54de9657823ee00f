"""A worker on a real queue and bucket, shared by the tests that do not end it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract.catalogue import Catalogue
from gpu_worker.commands import models as cli
from gpu_worker.settings import share_cores
from gpu_worker.worker import Worker
from tests.gpu_worker.models import CATALOGUE, text_folder, tiny_folder, twin_folder
from tests.gpu_worker.site import Site
from tests.services.ministack import a_bucket

share_cores()


@pytest.fixture
def site(ministack: str) -> Site:
    """Queues and a bucket of this test alone; no worker listens yet."""
    return Site(ministack)


@pytest.fixture
def start_worker(site: Site) -> Iterator[Callable[..., Worker]]:
    """Start a worker on the site's queues, with settings of one's own; it is stopped after the test."""
    text_folder()
    tiny_folder()
    twin_folder()
    started: list[Worker] = []

    def start(*, catalogue: Catalogue = CATALOGUE, **settings: object) -> Worker:
        worker = Worker(site.settings(**settings), catalogue=catalogue)
        started.append(worker)
        worker.start()
        return worker

    yield start
    for worker in started:
        worker.stop()


@pytest.fixture
def models(ministack: str) -> str:
    """The name of a bucket for models."""
    return a_bucket(ministack, "models")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a classifier that tells red from blue: red pictures are unsafe."""
    from tests.gpu_worker.classifier import save_classifier  # brings torch, which must not come before share_cores

    path = tmp_path_factory.mktemp("models") / "red-is-unsafe"
    save_classifier(path)
    return path


@pytest.fixture
def sync(ministack: str, models: str, tmp_path: Path) -> Callable[..., int]:
    """Run the operator's command."""
    paths = ["--cache", str(tmp_path / "cache"), "--endpoint-url", ministack]
    return lambda *more: cli.main(["sync", "--bucket", models, *paths, *more])


@pytest.fixture(scope="module")
def busy_site(ministack: str) -> Iterator[Site]:
    """A site with a worker that serves both queues, shared by a module's tests."""
    text_folder()
    tiny_folder()
    site = Site(ministack)
    worker = Worker(site.settings(), catalogue=CATALOGUE)
    worker.start()
    yield site
    worker.stop()
