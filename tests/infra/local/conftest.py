"""A running home that the tests of this folder share."""

from collections.abc import Iterator

import pytest

from tests.infra.local.services import RunningHome, a_running_home


@pytest.fixture(scope="module")
def running_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    with a_running_home(tmp_path_factory.mktemp("homes") / "home") as running:
        yield running
