"""The API on a real database and a real S3, and people who call it."""

from collections.abc import Callable, Iterator

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.testclient import TestClient

from lambdas.api.app import create_app
from lambdas.api.settings import Settings
from lambdas.domain import passwords
from tests.lambdas.api.people import Person, sign_up
from tests.services.ministack import a_bucket

SITE = "http://atelier.test"


@pytest.fixture(scope="module", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    """Hashes that take no time: nearly every test signs somebody up, and none asserts what guessing would cost."""
    passwords._nobody.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield
    passwords._nobody.cache_clear()


@pytest.fixture
def settings(database: str) -> Settings:
    """Settings of an API that sends nothing."""
    return Settings(
        database_url=database,
        media_bucket="no-bucket",
        aws_endpoint_url="http://127.0.0.1:1",
        steps_text_queue_url="http://127.0.0.1:1/text",
        steps_image_queue_url="http://127.0.0.1:1/image",
        secret="a secret for tests only",
        site_scheme="http",
        pool_size=4,
    )


@pytest.fixture
def start(settings: Settings) -> Iterator[Callable[..., FastAPI]]:
    """Start an API with some settings changed."""
    apps: list[FastAPI] = []

    def started(**changes: object) -> FastAPI:
        apps.append(create_app(Settings.model_validate(settings.model_dump() | changes)))
        return apps[-1]

    yield started
    for app in apps:
        app.state.services.stop()


@pytest.fixture
def app(start: Callable[..., FastAPI]) -> FastAPI:
    """The API with the settings above."""
    return start()


@pytest.fixture
def anyone(app: FastAPI) -> TestClient:
    """A client without cookies or keys."""
    return TestClient(app, base_url=SITE, raise_server_exceptions=False)


@pytest.fixture
def ana(app: FastAPI) -> Person:
    """Somebody with a full account."""
    return sign_up(app, "ana")


@pytest.fixture
def ben(app: FastAPI) -> Person:
    """Somebody else with a full account."""
    return sign_up(app, "ben")


@pytest.fixture
def guest(app: FastAPI) -> Person:
    """A guest."""
    return sign_up(app, None)


@pytest.fixture
def bucket_app(start: Callable[..., FastAPI], ministack: str) -> FastAPI:
    """An API with a media bucket of its own."""
    return start(media_bucket=a_bucket(ministack), aws_endpoint_url=ministack)
