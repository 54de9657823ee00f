"""Accounts, runs, messages and workers around the real store and handlers' logic; time passes when a test says so."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row

from contract import catalogue
from contract.keys import delivery_prefix, new_delivery, preview_key
from contract.messages import (
    TASK_REQUESTED,
    Alive,
    Failed,
    ImageOutput,
    Progress,
    Received,
    Released,
    Started,
    Succeeded,
    TaskEvent,
    TextOutput,
)
from contract.spec import Spec, complete, filled_inputs
from lambdas.actions.events import SentEvent, apply
from lambdas.actions.leases import judge, send_all_again
from lambdas.domain.pace import Pace
from lambdas.store import runs
from lambdas.store.dispatch import Outgoing, dispatch

CATALOGUE = catalogue.load("demo")

TEXT = {"name": "scene", "kind": "text", "model": "smollm2-135m", "params": {"prompt": "Describe {{subject}}."}}
PICTURE = {"name": "picture", "kind": "image", "model": "demo-emoji", "params": {"prompt": "{{scene}}", "count": 2}}
SUBJECT = {"name": "subject", "type": "text", "default": "a red fox"}

ONE_STEP = {"inputs": [SUBJECT], "steps": [TEXT]}
CHAIN = {"inputs": [SUBJECT], "steps": [TEXT, PICTURE]}
SIDE_BY_SIDE = {
    "inputs": [SUBJECT],
    "steps": [
        TEXT,
        TEXT | {"name": "mood"},
        PICTURE | {"params": {"prompt": "{{scene}} {{mood}}"}},
        {
            "name": "again",
            "kind": "edit",
            "model": "demo-emoji",
            "params": {"prompt": "{{mood}}", "image": "{{picture}}"},
        },
    ],
}


@dataclass
class Delivery:
    """A worker's receipt of a message."""

    request: Any
    worker: str = "worker-1"
    id: str = field(default_factory=new_delivery)
    seq: int = 0

    def _event(self) -> dict[str, Any]:
        return {
            "worker": self.worker,
            "sent_at": datetime.now(tz=UTC),
            "task": self.request.task,
            "attempt": self.request.attempt,
            "token": self.request.token,
            "delivery": self.id,
        }

    def received(self) -> Received:
        return Received(**self._event())

    def started(self) -> Started:
        return Started(**self._event())

    def progress(self, fraction: float = 0.5, *, seq: int | None = None, preview: str | None = None) -> Progress:
        self.seq += 1
        return Progress(**self._event(), seq=seq or self.seq, fraction=fraction, preview=preview)

    def preview(self) -> str:
        """The key of a preview that this delivery could show next."""
        return preview_key(self.id, number=self.seq + 1)

    def succeeded(self, text: str = "A fox sleeps.", *, seconds: float = 2, computed: float | None = 1) -> Succeeded:
        prefix = delivery_prefix(self.id)
        if self.request.kind == "text":
            outputs: list[Any] = [TextOutput(key=f"{prefix}0.txt", text=text, characters=len(text), bytes=len(text))]
        else:
            outputs = [
                ImageOutput(
                    key=f"{prefix}{k}.png",
                    thumb_key=f"{prefix}{k}.thumb.webp",
                    width=64,
                    height=64,
                    bytes=99,
                    thumbhash="aGFzaA==",
                )
                for k in range(len(self.request.seeds))
            ]
        return Succeeded(
            **self._event(),
            seconds=seconds,
            computed_seconds=computed,
            batch=1,
            hardware="NVIDIA L4, torch 2",
            outputs=outputs,
        )

    def failed(self, code: str = "broken", *, retryable: bool = True) -> Failed:
        return Failed(**self._event(), code=code, detail="It broke.", retryable=retryable)

    def released(self) -> Released:
        return Released(**self._event())


@dataclass
class World:
    """One database and what has been sent from it."""

    conn: psycopg.Connection
    pace: Pace = field(default_factory=Pace)
    sent: list[Outgoing] = field(default_factory=list)
    cancelled: list[UUID] = field(default_factory=list)
    passed: timedelta = timedelta()
    """How much time has passed because a test said so."""
    sent_after: dict[str, timedelta] = field(default_factory=dict)
    """What had passed when a message was sent."""

    def account(self, *, guest: bool = False) -> UUID:
        """A new account."""
        handle = f"a{uuid4().hex[:20]}"
        row = self.conn.execute(
            "INSERT INTO accounts (handle, email, password_hash, guest) VALUES (%s, %s, %s, %s) RETURNING id",
            (handle, None if guest else f"{handle}@example.org", None if guest else "hash", guest),
        ).fetchone()
        assert row
        return row[0]

    def pipeline(self, account: UUID, spec: dict[str, Any] = CHAIN) -> UUID:
        """A public pipeline with this spec."""
        whole = complete(Spec.model_validate(spec), CATALOGUE)
        row = self.conn.execute(
            """
            WITH p AS (INSERT INTO pipelines (account_id, title, visibility, kinds, models, prompts)
                       VALUES (%s, 'A scene', 'public', '{}', '{}', '') RETURNING id),
                 v AS (INSERT INTO versions (pipeline_id, number, spec) SELECT id, 1, %s FROM p)
            SELECT id FROM p
            """,
            (account, json.dumps(whole.model_dump(mode="json"))),
        ).fetchone()
        assert row
        return row[0]

    def run(
        self,
        account: UUID,
        spec: dict[str, Any] = CHAIN,
        *,
        pipeline: UUID | None = None,
        inputs: Mapping[str, str] | None = None,
        seed: int = 7,
        guest: bool = False,
        send: bool = True,
        lost: bool = False,
    ) -> UUID:
        """A new run as `POST /runs` makes it; with `lost` its messages are never sent, as after a crash."""
        pipeline = pipeline or self.pipeline(account, spec)
        whole = complete(Spec.model_validate(spec), CATALOGUE)
        new = runs.NewRun(
            pipeline_id=pipeline,
            version=1,
            spec=whole,
            inputs=filled_inputs(whole, dict(inputs or {})),
            input_keys={},
            seed=seed,
        )
        with self.conn.transaction():
            run_id, _ = runs.create(self.conn, new, account_id=account, guest=guest, catalogue=CATALOGUE, run_id=None)
            messages = dispatch(self.conn, pace=self.pace) if send else []
        if not lost:
            self._send(messages)
        return run_id

    def dispatch(self) -> list[Outgoing]:
        """Send what there is room for."""
        with self.conn.transaction():
            messages = dispatch(self.conn, pace=self.pace)
        self._send(messages)
        return messages

    def apply(self, *events: TaskEvent | Alive, lost: bool = False, sent_at: datetime | None = None) -> list[Outgoing]:
        """Let events have their effect as one batch; with `lost` what follows is never sent."""
        batch = [SentEvent(event=event, sent_at=sent_at or event.sent_at) for event in events]
        with self.conn.transaction():
            aftermath = apply(self.conn, batch, pace=self.pace)
        if not lost:
            self._send(aftermath.outbox.messages)
            self.cancelled += [task.id for task in aftermath.outbox.cancelled]
        return list(aftermath.outbox.messages)

    def sweep(self, *, caught_up: bool = True) -> list[Outgoing]:
        """A pass over the leases."""
        with self.conn.transaction():
            swept = judge(self.conn, caught_up=caught_up, pace=self.pace)
        self._send(swept.outbox.messages)
        self.cancelled += [task.id for task in swept.outbox.cancelled]
        return list(swept.outbox.messages)

    def send_all_again(self) -> list[Outgoing]:
        """What a start of the one-machine edition does."""
        with self.conn.transaction():
            swept = send_all_again(self.conn, pace=self.pace)
        self._send(swept.outbox.messages)
        return list(swept.outbox.messages)

    def _send(self, messages: Sequence[Outgoing]) -> None:
        self.sent += messages
        self.sent_after |= {message.body: self.passed for message in messages}

    def is_too_old(self, message: Outgoing) -> bool:
        """Whether a worker that received the message now would throw it away."""
        deadline = TASK_REQUESTED.validate_json(message.body).deadline
        return deadline - (self.passed - self.sent_after[message.body]) < datetime.now(tz=UTC)

    def receive(self, *, worker: str = "worker-1") -> Delivery:
        """A worker takes the oldest message."""
        return Delivery(request=TASK_REQUESTED.validate_json(self.sent.pop(0).body), worker=worker)

    def work(self, text: str = "A fox sleeps.") -> None:
        """Workers do everything that is sent, until nothing is."""
        while self.sent:
            if self.is_too_old(self.sent[0]):
                self.sent.pop(0)
                continue
            delivery = self.receive()
            self.apply(delivery.started())
            self.apply(delivery.succeeded(text))

    def heartbeat(self, *, slots: int = 4, queue: str = "text", worker: str = "worker-1", busy: int = 0) -> Alive:
        """What a worker reports about itself."""
        models = [model.id for model in CATALOGUE.models if model.queue == queue]
        return Alive(
            worker=worker,
            sent_at=datetime.now(tz=UTC),
            queue=queue,  # type: ignore[arg-type]
            slots=slots,
            busy=busy,
            models=models,
            ram_bytes=1,
            vram_bytes=0,
        )

    def alive(self, *, slots: int = 4, queue: str = "text", worker: str = "worker-1", busy: int = 0) -> list[Outgoing]:
        """A worker reports itself."""
        return self.apply(self.heartbeat(slots=slots, queue=queue, worker=worker, busy=busy))

    def pass_time(self, seconds: float) -> None:
        """Let the database believe that this much time has passed."""
        gone = {"d": timedelta(seconds=seconds)}
        self.passed += gone["d"]
        for statement in _SHIFTS:
            self.conn.execute(statement, gone)

    def state(self, run_id: UUID) -> str:
        """The state of a run."""
        row = self.conn.execute("SELECT state FROM runs WHERE id = %s", (run_id,)).fetchone()
        assert row
        return row[0]

    def tasks(self, run_id: UUID) -> list[dict[str, Any]]:
        """The tasks of a run in spec order, with the keys of their outputs."""
        with self.conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(
                "SELECT t.*, array(SELECT key FROM assets a WHERE a.task_id = t.id ORDER BY k) AS keys"
                " FROM tasks t WHERE run_id = %s ORDER BY ordinal",
                (run_id,),
            ).fetchall()

    def task(self, run_id: UUID, ordinal: int = 0) -> dict[str, Any]:
        """One task of a run."""
        return self.tasks(run_id)[ordinal]

    def out(self, queue: str = "text") -> int:
        """How many tasks of a queue are out."""
        row = self.conn.execute(
            "SELECT count(*) FROM tasks WHERE queue = %s AND state IN ('queued', 'running') AND sent_at IS NOT NULL",
            (queue,),
        ).fetchone()
        assert row
        return row[0]


_SHIFTS = (
    """UPDATE tasks SET ready_at = ready_at - %(d)s, sent_at = sent_at - %(d)s, lease_until = lease_until - %(d)s,
                        received_at = received_at - %(d)s, started_at = started_at - %(d)s, finished_at = finished_at - %(d)s""",
    "UPDATE turns SET last_served_at = last_served_at - %(d)s",
    "UPDATE workers SET seen_at = seen_at - %(d)s",
    "UPDATE deliveries SET heard_at = heard_at - %(d)s",
    "UPDATE event_clock SET newest = newest - %(d)s",
    "UPDATE doomed_media SET due_at = due_at - %(d)s",
    "UPDATE idempotency_keys SET created_at = created_at - %(d)s",
)
