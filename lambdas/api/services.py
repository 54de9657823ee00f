"""What outlives a request: the pool of connections, the clients of S3 and SQS, the catalogue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import anyio
from psycopg import Connection
from psycopg_pool import ConnectionPool

from contract import catalogue
from contract.catalogue import Catalogue
from lambdas.api.page import Page
from lambdas.api.settings import Settings
from lambdas.aws.passwords import iam_token
from lambdas.domain.pace import Pace

Pool = ConnectionPool[Connection[Any]]


@dataclass
class Services:
    """Built once by app.py and read through deps.py."""

    settings: Settings
    pool: Pool
    catalogue: Catalogue
    database_turns: anyio.CapacityLimiter
    """As many requests as connections: more would take every thread to wait, and none would be left to finish one."""
    hashing_turns: anyio.CapacityLimiter

    @classmethod
    def start(cls, settings: Settings) -> "Services":
        """Services of these settings; nothing connects before its first use."""
        pool: Pool = ConnectionPool(
            settings.database_url,
            min_size=0,
            max_size=settings.pool_size,
            kwargs=_how_to_connect(settings),
            configure=_configure,
            check=ConnectionPool.check_connection,
            timeout=10,
            open=True,
        )
        return cls(
            settings=settings,
            pool=pool,
            catalogue=catalogue.load(settings.profile),
            database_turns=anyio.CapacityLimiter(settings.pool_size),
            hashing_turns=anyio.CapacityLimiter(settings.password_hashings),
        )

    def stop(self) -> None:
        """Close every connection."""
        self.pool.close()

    @cached_property
    def sqs(self) -> Any:
        """The client of SQS."""
        return self._client("sqs")

    @cached_property
    def s3(self) -> Any:
        """The client of S3."""
        return self._client("s3")

    def _client(self, name: str) -> Any:
        import boto3  # 0.2 s that a cold start without uploads or runs need not pay
        from botocore.config import Config

        settings = self.settings
        client: Any = boto3.client  # its stubs want the name of a service as a literal
        # A request waits for the answer: better a clear 503 within seconds than boto3's minutes.
        config = Config(connect_timeout=2, read_timeout=5, retries={"max_attempts": 2, "mode": "standard"})
        return client(name, region_name=settings.aws_region, endpoint_url=settings.aws_endpoint_url, config=config)

    @cached_property
    def page(self) -> Page | None:
        """The web page, where it is known."""
        return Page(self.settings.page, s3=lambda: self.s3) if self.settings.page else None

    @cached_property
    def pace(self) -> Pace:
        """The times and sizes of the protocol."""
        return Pace(lease=timedelta(seconds=self.settings.lease_seconds))

    @property
    def queue_urls(self) -> dict[str, str]:
        """The URL of each queue of tasks, by the queue's name in the catalogue."""
        return {"text": self.settings.steps_text_queue_url, "image": self.settings.steps_image_queue_url}


def _how_to_connect(settings: Settings) -> Callable[[], dict[str, Any]] | dict[str, Any]:
    """What each new connection is opened with, beside the URL."""
    if not settings.database_iam:
        return {"autocommit": True}
    password = iam_token(settings.database_url, region=settings.aws_region)
    return lambda: {"autocommit": True, "password": password()}


def _configure(conn: Connection[Any]) -> None:
    """Set a new connection up."""
    conn.execute(
        "SELECT set_config('timezone', 'UTC', false), set_config('statement_timeout', '10s', false),"
        " set_config('idle_in_transaction_session_timeout', '30s', false)"
    )
