"""The Lambda function that runs each minute: sends again what was lost, expires what is dead, tidies up, scales."""

import logging
from functools import cache
from typing import Any

from contract.metrics import Meter
from lambdas.actions.leases import Swept, judge, send_all_again
from lambdas.aws import queues
from lambdas.aws.clients import IN_BACKGROUND, Clients
from lambdas.aws.passwords import password_of
from lambdas.store import upkeep
from lambdas.store.database import Database
from lambdas.sweep.housekeeping import tidy
from lambdas.sweep.scaling import scale
from lambdas.sweep.settings import Settings

log = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """One pass; `{"resend": "all"}` sends everything that is out again instead of judging leases.

    Gives back how many leases ended and how many messages were sent; nothing is done while another pass runs.
    """
    return _sweeper().sweep(resend_all=event.get("resend") == "all")


@cache
def _sweeper() -> "Sweeper":
    return Sweeper(Settings())  # pyright: ignore[reportCallIssue]


class Sweeper:
    """The handler with its connection and clients, which outlive an invocation."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._meter = Meter(settings.metrics_namespace)
        self._meter.put({"ColdStarts": 1}, of="sweep")
        self._database = Database(settings.database_url, password=password_of(settings))
        self._clients = Clients(settings, patience=IN_BACKGROUND)

    def close(self) -> None:
        """Give the connection back; a Lambda never does, for its end is not told."""
        self._database.close()

    def sweep(self, *, resend_all: bool = False) -> dict[str, int]:
        """One pass, unless another one is at work."""
        settings, conn = self._settings, self._database.connect()
        with upkeep.alone(conn) as alone:
            if not alone:
                return {"expired": 0, "sent": 0}
            swept = self._move(resend_all=resend_all)
            scale(conn, self._clients, group_names=settings.groups, meter=self._meter)
            tidy(conn, self._clients.s3, bucket=settings.media_bucket, unpublished_days=settings.unpublished_days)
        return {"expired": swept.expired, "sent": len(swept.outbox.messages)}

    def _move(self, *, resend_all: bool) -> Swept:
        settings = self._settings
        # Asked before the transaction: an event that comes later only makes the judgement milder.
        caught_up = queues.is_empty(self._clients.sqs, settings.events_queue_url)
        conn = self._database.connect()
        with conn.transaction():
            if resend_all:
                swept = send_all_again(conn, pace=settings.pace)
            else:
                swept = judge(conn, caught_up=caught_up, pace=settings.pace)
        swept.outbox.send(self._clients, settings)
        if swept.expired:
            log.info("leases ended", extra={"count": swept.expired})
        return swept
