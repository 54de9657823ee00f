"""A running home that the tests of this folder share."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.infra.local.services import RunningHome, a_running_home


@pytest.fixture(scope="session")
def running_home() -> Iterator[RunningHome]:
    # Not under pytest's folder: each start of pytest closes that to other users, and under root PostgreSQL is one.
    with TemporaryDirectory(prefix="atelier-home-") as folder, a_running_home(Path(folder) / "home") as running:
        yield running
