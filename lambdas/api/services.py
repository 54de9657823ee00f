"""What outlives a request: what actions need, the web page, and turns at what takes long."""

from functools import cached_property

import anyio

from lambdas.actions import services as actions
from lambdas.api.page import Page
from lambdas.api.settings import Settings
from lambdas.aws.clients import WAITED_FOR

_WAITING_THREADS = 24
"""Of 40: whoever waits for S3 or SQS leaves enough for the calls that ask the database alone."""


class Services(actions.Services):
    """Built once by app.py and read through deps.py."""

    def __init__(self, settings: Settings) -> None:
        """Services of these settings; nothing connects before its first use."""
        super().__init__(settings, profile=settings.profile, connections=settings.pool_size, patience=WAITED_FOR)
        self._own = settings
        self.hashing_turns = anyio.CapacityLimiter(settings.password_hashings)
        self.outside_turns = anyio.CapacityLimiter(_WAITING_THREADS)

    @property
    def settings(self) -> Settings:
        """What the API reads from its environment."""
        return self._own

    @cached_property
    def page(self) -> Page | None:
        """The web page, where it is known."""
        return Page(self.settings.page, s3=lambda: self.clients.s3) if self.settings.page else None
