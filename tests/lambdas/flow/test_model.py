"""The protocol under an adversary: Hypothesis interleaves people, workers, a bad network, crashes and time."""

from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from contract.messages import TASK_REQUESTED, TaskEvent
from lambdas.domain.pace import Pace
from lambdas.store import runs
from tests.lambdas.flow.world import CHAIN, ONE_STEP, SIDE_BY_SIDE, Delivery, World

SPECS = (ONE_STEP, CHAIN, SIDE_BY_SIDE)
FINAL = {"succeeded", "failed", "cancelled"}
ROUNDS_TO_THE_END = 60
"""Three attempts at each of four steps, with a sweep and an answer each, and some to spare."""

PACE = Pace(smallest_window=3, window_per_slot=1, per_account=2)
"""So narrow that there is always a backlog."""

number = st.integers(min_value=0, max_value=1_000)
OUTCOMES = st.sampled_from(
    [*["succeeded"] * 5, "rambles", "failed", "failed", "broken", "released", "gone", "gone"],
)
rarely = st.integers(min_value=0, max_value=9).map(lambda n: n == 0)


class Crash(Exception):
    """The process ends in the middle of a transaction."""


class Protocol(RuleBasedStateMachine):
    """Messages and events may come late, twice, in any order or never; the database is real and never wrong."""

    def __init__(self, conn: psycopg.Connection) -> None:
        super().__init__()
        conn.execute("TRUNCATE accounts, turns, workers, doomed_media, deliveries CASCADE")
        conn.execute("UPDATE event_clock SET newest = '-infinity'")
        self.world = World(conn, pace=PACE)
        self.accounts: list[UUID] = []
        self.pipelines: list[list[UUID]] = []
        self.runs: dict[UUID, UUID] = {}
        self.hands: list[Delivery] = []
        self.events: list[TaskEvent] = []
        self.made: dict[UUID, list[str]] = {}
        self.ended: dict[UUID, str] = {}

    # What people do.

    @initialize()
    def people_sign_up(self) -> None:
        self.accounts = [self.world.account(guest=guest) for guest in (False, False, True)]
        self.pipelines = [[self.world.pipeline(account, spec) for spec in SPECS] for account in self.accounts]
        for start in range(2 * len(SPECS)):
            self.a_run_is_started(who=start, what=start, crash=False)

    @precondition(lambda self: len(self.runs) - len(self.ended) < 12)
    @rule(who=number, what=number, crash=rarely)
    def a_run_is_started(self, who: int, what: int, crash: bool) -> None:
        who, what = who % 3, what % len(SPECS)
        run = self.world.run(
            self.accounts[who], SPECS[what], pipeline=self.pipelines[who][what], guest=who == 2, lost=crash
        )
        self.runs[run] = self.accounts[who]

    @precondition(lambda self: len(self.runs) - len(self.ended) > 3)
    @rule(which=number)
    def a_run_is_cancelled(self, which: int) -> None:
        run = self._run(which)
        with self.world.conn.transaction():
            runs.cancel(self.world.conn, run, account_id=self.runs[run])

    @precondition(lambda self: {"failed", "cancelled"} & set(self.ended.values()))
    @rule(which=number)
    def a_run_that_ended_early_is_resumed(self, which: int) -> None:
        unfinished = [run for run, state in self.ended.items() if state != "succeeded"]
        run = unfinished[which % len(unfinished)]
        with self.world.conn.transaction():
            runs.resume(self.world.conn, run, account_id=self.runs[run])
        del self.ended[run]

    @precondition(lambda self: len(self.runs) > 4)
    @rule(which=number)
    def a_run_is_deleted(self, which: int) -> None:
        run = self._run(which)
        with self.world.conn.transaction():
            runs.delete(self.world.conn, run, account_id=self.runs.pop(run))
        self.ended.pop(run, None)

    # What workers do.

    @precondition(lambda self: self.world.sent)
    @rule(which=number, again=rarely, waits=st.integers(min_value=0, max_value=2))
    def a_message_is_received(self, which: int, again: bool, waits: int) -> None:
        place = which % len(self.world.sent)
        message = self.world.sent[place] if again else self.world.sent.pop(place)
        if self.world.is_too_old(message):
            return
        delivery = Delivery(request=TASK_REQUESTED.validate_json(message.body), worker=f"worker-{which % 2}")
        self.hands.append(delivery)
        self.events += [delivery.received()] * waits + [delivery.started()]

    @precondition(lambda self: self.hands)
    @rule(which=number, shows=st.booleans())
    def a_worker_gets_on(self, which: int, shows: bool) -> None:
        delivery = self.hands[which % len(self.hands)]
        self.events.append(delivery.progress(preview=delivery.preview() if shows else None))

    @precondition(lambda self: self.hands)
    @rule(which=number, how=OUTCOMES)
    def a_worker_is_done(self, which: int, how: str) -> None:
        delivery = self.hands.pop(which % len(self.hands))
        self.events += self._last_words(delivery, how)

    def _last_words(self, delivery: Delivery, how: str) -> list[TaskEvent]:
        match how:
            case "succeeded":
                return [delivery.succeeded()]
            case "rambles":
                return [delivery.succeeded("too long " * 1_000)]
            case "failed":
                return [delivery.failed()]
            case "broken":
                return [delivery.failed(retryable=False)]
            case "released":
                return [delivery.released()]
            case _:
                return []

    @rule(how=OUTCOMES)
    def a_worker_is_quick(self, how: str) -> None:
        if not self.world.sent:
            return
        message = self.world.sent.pop(0)
        if self.world.is_too_old(message):
            return
        delivery = Delivery(request=TASK_REQUESTED.validate_json(message.body))
        self.world.apply(delivery.started())
        if how == "gone":
            self.world.pass_time(200)
            self.world.sweep()
        for event in self._last_words(delivery, how):
            self.world.apply(event)

    @rule()
    def a_broken_worker_takes_three(self) -> None:
        for _ in range(3):
            self.a_worker_is_quick("failed")

    @rule(slots=st.integers(min_value=1, max_value=4), queue=st.sampled_from(["text", "image"]))
    def a_worker_reports_itself(self, slots: int, queue: str) -> None:
        self.world.alive(slots=slots, queue=queue)

    # What handlers do, and how they die.

    @precondition(lambda self: self.events)
    @rule(
        places=st.lists(number, min_size=1, max_size=5), again=rarely, crash=st.sampled_from([None, "before", "after"])
    )
    def events_are_heard(self, places: list[int], again: bool, crash: str | None) -> None:
        batch = [self.events[place % len(self.events)] for place in places]
        if crash == "before":
            with suppress(Crash), self.world.conn.transaction():
                self.world.apply(*batch, lost=True)
                raise Crash
            return
        before = self.world.out("text"), self.world.out("image")
        sent = self.world.apply(*batch, lost=crash == "after")
        self._window_holds(before, sent)
        if not again:
            self.events = [event for event in self.events if event not in batch]

    @precondition(lambda self: self.events)
    @rule()
    def all_events_are_heard(self) -> None:
        before = self.world.out("text"), self.world.out("image")
        self._window_holds(before, self.world.apply(*self.events))
        self.events.clear()

    @rule(caught_up=st.booleans())
    def sweep_passes(self, caught_up: bool) -> None:
        self.world.sweep(caught_up=caught_up)

    @rule()
    def everything_is_sent_again(self) -> None:
        self.world.send_all_again()

    # What goes wrong.

    @precondition(lambda self: self.world.sent)
    @rule(which=number)
    def a_message_is_lost(self, which: int) -> None:
        self.world.sent.pop(which % len(self.world.sent))

    @precondition(lambda self: self.events)
    @rule(which=number)
    def an_event_is_lost(self, which: int) -> None:
        self.events.pop(which % len(self.events))

    @rule(seconds=st.sampled_from([10, 70, 200]))
    def time_passes(self, seconds: int) -> None:
        self.world.pass_time(seconds)

    # What must hold all the time.

    @invariant()
    def outputs_are_neither_lost_nor_doubled(self) -> None:
        rows = self.world.conn.execute(
            "SELECT t.id, t.state, t.delivery, coalesce((t.params ->> 'count')::integer, 1),"
            " array(SELECT key FROM assets a WHERE a.task_id = t.id ORDER BY k)"
            " FROM tasks t"
        ).fetchall()
        there = {row[0] for row in rows}
        for task, state, delivery, count, keys in rows:
            assert len(keys) == (count if state == "succeeded" else 0)
            assert all(key.startswith(f"media/{delivery}/") for key in keys)
            assert self.made.get(task, keys) == keys
            if keys:
                self.made[task] = keys
        self.made = {task: keys for task, keys in self.made.items() if task in there}

    @invariant()
    def only_what_runs_has_a_preview_and_it_is_its_own(self) -> None:
        rows = self.world.conn.execute(
            "SELECT state, delivery, preview FROM tasks WHERE preview IS NOT NULL"
        ).fetchall()
        assert all(state == "running" and key.startswith(f"media/{delivery}/") for state, delivery, key in rows)

    @invariant()
    def runs_agree_with_their_tasks(self) -> None:
        rows = self.world.conn.execute(
            "SELECT r.id, r.state, array_agg(t.state ORDER BY t.ordinal)"
            " FROM runs r JOIN tasks t ON t.run_id = r.id GROUP BY r.id"
        ).fetchall()
        assert {row[0] for row in rows} == set(self.runs)
        for run, state, tasks in rows:
            if state in FINAL:
                assert not {"waiting", "queued", "running"} & set(tasks)
                assert self.ended.setdefault(run, state) == state
            else:
                assert {"queued", "running"} & set(tasks), "nothing would ever move this run"
            assert (state == "succeeded") == (set(tasks) == {"succeeded"})
            assert (state == "failed") == ("failed" in tasks)

    @invariant()
    def whoever_has_a_backlog_stands_in_line(self) -> None:
        forgotten = self.world.conn.execute(
            "SELECT FROM tasks t WHERE state = 'queued' AND sent_at IS NULL AND NOT EXISTS ("
            " SELECT FROM turns u WHERE u.queue = t.queue AND u.account_id = t.account_id AND u.waiting)"
        ).fetchall()
        assert forgotten == []

    def teardown(self) -> None:
        """From now on all goes well, and every run comes to its end."""
        for _ in range(ROUNDS_TO_THE_END):
            self.world.pass_time(200)
            self.world.sweep()
            self.world.work()
            if not self._open_runs():
                break
        assert self._open_runs() == []
        self.outputs_are_neither_lost_nor_doubled()
        self.runs_agree_with_their_tasks()

    def _open_runs(self) -> list[Any]:
        return self.world.conn.execute("SELECT id FROM runs WHERE finished_at IS NULL").fetchall()

    def _run(self, which: int) -> UUID:
        return list(self.runs)[which % len(self.runs)]

    def _window_holds(self, before: tuple[int, int], sent: list[Any]) -> None:
        for queue, was in zip(("text", "image"), before, strict=True):
            if any(message.queue == queue for message in sent):
                assert self.world.out(queue) <= max(was, self._window(queue))

    def _window(self, queue: str) -> int:
        row = self.world.conn.execute(
            "SELECT coalesce(sum(slots), 0) FROM workers WHERE queue = %s AND seen_at > now() - interval '60 s'",
            (queue,),
        ).fetchone()
        assert row
        return self.world.pace.window(row[0])


@pytest.mark.slow
def test_no_run_is_stuck_and_no_output_lost_or_doubled(conn: psycopg.Connection) -> None:
    run_state_machine_as_test(
        lambda: Protocol(conn),
        settings=settings(
            max_examples=50,
            stateful_step_count=80,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
