"""A home with PostgreSQL and MiniStack running, as the supervisor starts them, for tests that need no more."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local import postgres, queues, storage
from infra.local.home import Home, locked, open_home, read_secrets
from infra.local.keeper import Keeper
from infra.local.parts import Parts
from infra.local.settings import Settings


@dataclass(frozen=True)
class RunningHome:
    """A locked home whose database and storage answer."""

    home: Home
    parts: Parts
    keeper: Keeper

    @property
    def database_url(self) -> str:
        return postgres.database_url(self.home)

    def client(self, service: str) -> Any:
        return queues.client(service, self.home, port=self.parts.storage_port)


@contextmanager
def a_running_home(root: Path) -> Iterator[RunningHome]:
    home = open_home(root)
    stop = threading.Event()
    settings = Settings(home=root)
    with locked(home):
        read_secrets(home)
        parts = Parts(home, settings, storage.choose_port(home))
        keeper = Keeper(home, say=lambda name, text: None, stop=stop)
        postgres.prepare(home)
        try:
            keeper.keep(parts.postgres())
            keeper.keep(parts.ministack())
            postgres.wait_until_ready(home, stop=stop, meanwhile=keeper.look)
            postgres.make_database(home)
            storage.wait_until_ready(home, port=parts.storage_port, stop=stop, meanwhile=keeper.look)
            queues.make(home, port=parts.storage_port, visibility_seconds=60)
            yield RunningHome(home, parts, keeper)
        finally:
            stop.set()
            keeper.end({"postgres", "ministack"}, seconds=10, hurry=threading.Event())
