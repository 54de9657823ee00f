"""The Lambda function that applies the workers' events from SQS; what events do is for events.py."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import psycopg
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from pydantic import ValidationError

from contract.messages import read_event
from contract.metrics import Meter
from lambdas.actions.events import Aftermath, SentEvent, apply
from lambdas.advance.settings import Settings
from lambdas.aws.clients import IN_BACKGROUND, Clients
from lambdas.aws.passwords import password_of
from lambdas.store.database import Database, is_down

log = logging.getLogger(__name__)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Apply a batch; messages that cannot be handled are named in `batchItemFailures` and come again, others do not."""
    return _advancer().handle(event, context)


@cache
def _advancer() -> "Advancer":
    return Advancer(Settings())  # pyright: ignore[reportCallIssue]


class Advancer:
    """The handler with its connection and clients, which outlive an invocation."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._meter = Meter(settings.metrics_namespace)
        self._meter.put({"ColdStarts": 1}, of="advance")
        self._database = Database(settings.database_url, password=password_of(settings))
        self._clients = Clients(settings, patience=IN_BACKGROUND)
        self._processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def close(self) -> None:
        """Give the connection back; a Lambda never does, for its end is not told."""
        self._database.close()

    def handle(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Apply a batch in one transaction, or one by one when something in it does not go through."""
        done = self._together(event["Records"])

        def alone(record: SQSRecord) -> None:
            if record.message_id not in done and (event := _read(record.raw_event)):
                self._apply([event])

        response = process_partial_response(
            event=event, record_handler=alone, processor=self._processor, context=context
        )
        return dict(response)

    def _together(self, records: Sequence[dict[str, Any]]) -> set[str]:
        """The ids of the messages that are dealt with; of known events none when they have to be applied one by one."""
        events = _sorted(records)
        try:
            self._apply(list(events.known.values()))
        except Exception as error:  # one event that breaks holds up no other
            if isinstance(error, psycopg.Error) and is_down(error):
                raise
            log.warning(
                "batch not applied together", extra={"events": len(events.known), "error": type(error).__name__}
            )
            events.known.clear()
        self._pass_over(events.unknown)
        return {*events.known, *events.unknown}

    def _pass_over(self, unknown: Collection[str]) -> None:
        """Count events of unknown kinds, which newer workers send, and let them go."""
        if unknown:
            log.info("events of an unknown kind", extra={"message_ids": sorted(unknown)})
            self._meter.put({"UnknownEvents": len(unknown)})

    def _apply(self, events: Sequence[SentEvent]) -> None:
        conn = self._database.connect()
        with conn.transaction():
            aftermath = apply(conn, events, pace=self._settings.pace)
        self._see_to(aftermath)

    def _see_to(self, aftermath: Aftermath) -> None:
        aftermath.outbox.send(self._clients, self._settings)
        self._meter.put(aftermath.counts)
        for wait in aftermath.waits:
            self._meter.put({"WaitSeconds": wait.seconds}, of=wait.queue)


@dataclass(frozen=True, slots=True)
class _Events:
    """What a batch holds, by message id: events to apply, and those of kinds that newer workers send."""

    known: dict[str, SentEvent]
    unknown: set[str]


def _sorted(records: Sequence[dict[str, Any]]) -> _Events:
    """The events of a batch; the malformed are logged and left out."""
    events = _Events({}, set())
    for record in records:
        message_id = record["messageId"]
        try:
            event = _read(record)
        except ValidationError as error:
            # Never the message itself: it may hold what somebody wrote.
            log.warning("malformed event", extra={"message_id": message_id, "errors": error.error_count()})
            continue
        if event:
            events.known[message_id] = event
        else:
            events.unknown.add(message_id)
    return events


def _read(record: dict[str, Any]) -> SentEvent | None:
    """The event of a record, None for one of an unknown kind; raises ValidationError."""
    event = read_event(record["body"])
    if event is None:
        return None
    milliseconds = record.get("attributes", {}).get("SentTimestamp")
    sent_at = datetime.fromtimestamp(int(milliseconds) / 1000, tz=UTC) if milliseconds else event.sent_at
    return SentEvent(event=event, sent_at=sent_at)
