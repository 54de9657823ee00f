"""The edition that the tests of this folder share; those that kill things bring their own."""

from collections.abc import Iterator

import pytest

from tests.e2e.edition import Edition, an_edition


@pytest.fixture(scope="session")
def edition() -> Iterator[Edition]:
    with an_edition() as running:
        yield running
