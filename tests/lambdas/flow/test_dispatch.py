"""Dispatch on the database: fairness, windows, two at a time, and the place in line that it is said to hold."""

import threading
from uuid import UUID

import psycopg
import pytest

from lambdas.domain.queue_position import QueuePosition
from lambdas.store import queue_position, runs
from lambdas.store.dispatch import Outgoing, dispatch
from tests.lambdas.flow.world import CHAIN, ONE_STEP, World


def backlog(world: World, account: UUID, count: int, *, guest: bool = False) -> list[UUID]:
    """Runs of one step of one account, in the backlog."""
    pipeline = world.pipeline(account, ONE_STEP)
    return [world.run(account, ONE_STEP, pipeline=pipeline, guest=guest, send=False) for _ in range(count)]


def whose(messages: list[Outgoing], **names: UUID) -> str:
    letters = {account: name for name, account in names.items()}
    return "".join(letters[message.account_id] for message in messages)


def finish_one(world: World) -> list[Outgoing]:
    """A worker finishes the oldest message; what that lets out."""
    return world.apply(world.receive().succeeded())


def the_place(world: World, run: UUID, account: UUID) -> QueuePosition:
    queued = runs.find(world.conn, run, account_id=account).queued
    assert queued
    found = queue_position.find(world.conn, task_id=queued, pace=world.pace)
    assert found
    return found


def test_an_accounts_thousand_runs_do_not_delay_anothers_first_beyond_the_window(world: World) -> None:
    greedy, modest = world.account(), world.account()
    backlog(world, greedy, 1_000)
    world.dispatch()
    assert world.out() == 8
    run = world.run(modest, ONE_STEP)
    assert all(message.account_id == greedy for message in world.sent)
    served = finish_one(world)
    assert whose(served, m=modest, g=greedy) == "m"
    assert served[0].task_id == world.task(run)["id"]


def test_accounts_take_turns(world: World) -> None:
    world.pace = type(world.pace)(smallest_window=1)
    a, b, c = (world.account() for _ in range(3))
    for account in (a, b):
        backlog(world, account, 4)
    order = whose(world.dispatch(), a=a, b=b)
    backlog(world, c, 2)
    while world.sent:
        order += whose(finish_one(world), a=a, b=b, c=c)
    assert order == "abcabcabab"


def test_who_comes_back_with_one_run_at_a_time_does_not_jump_the_line(world: World) -> None:
    world.pace = type(world.pace)(smallest_window=1)
    regular, steady = world.account(), world.account()
    backlog(world, regular, 5)
    world.dispatch()
    order = ""
    pipeline = world.pipeline(steady, ONE_STEP)
    for _ in range(3):
        world.run(steady, ONE_STEP, pipeline=pipeline)
        order += whose(finish_one(world), r=regular, s=steady)
        order += whose(finish_one(world), r=regular, s=steady)
    assert order == "srsrsr"


def test_an_account_without_a_backlog_leaves_the_line(world: World) -> None:
    world.run(world.account(), ONE_STEP)
    assert world.conn.execute("SELECT waiting FROM turns").fetchall() == [(False,)]


def test_the_window_grows_with_live_workers_and_shrinks_when_they_fall_silent(world: World) -> None:
    for _ in range(4):
        backlog(world, world.account(), 10)
    assert len(world.dispatch()) == 8
    assert len(world.alive(slots=5)) == 12
    world.pass_time(61)
    assert world.alive(slots=1, worker="worker-2") == []
    assert world.out() == 20


def test_guests_hold_a_fifth_of_the_window_while_others_wait(world: World) -> None:
    world.alive(slots=5)
    guests = [world.account(guest=True) for _ in range(3)]
    for guest in guests:
        backlog(world, guest, 8, guest=True)
    members = [world.account() for _ in range(3)]
    for member in members:
        backlog(world, member, 8)
    sent = world.dispatch()
    assert len(sent) == 20
    assert sum(message.account_id in guests for message in sent) == 4


def test_guests_alone_have_the_whole_window(world: World) -> None:
    guest = world.account(guest=True)
    backlog(world, guest, 10, guest=True)
    assert len(world.dispatch()) == 8


def test_messages_of_one_account_go_out_oldest_first(world: World) -> None:
    account = world.account()
    made = backlog(world, account, 5)
    assert [message.task_id for message in world.dispatch()] == [world.task(run)["id"] for run in made]


def test_two_dispatches_at_the_same_time_send_no_task_twice(world: World, database: str) -> None:
    for _ in range(10):
        backlog(world, world.account(), 3)
    with psycopg.connect(database) as other:
        with world.conn.transaction():
            first = dispatch(world.conn, pace=world.pace)
            second = dispatch(other, pace=world.pace)
        other.commit()
    assert len(first) == 8
    assert len(second) <= 8
    assert not {message.task_id for message in first} & {message.task_id for message in second}


def test_a_task_that_is_added_while_a_dispatch_is_at_work_is_not_forgotten(world: World, database: str) -> None:
    account = world.account()
    pipeline = world.pipeline(account, ONE_STEP)
    backlog(world, account, 1)
    with psycopg.connect(database) as other:
        dispatch(other, pace=world.pace)

        def start() -> None:
            world.run(account, ONE_STEP, pipeline=pipeline, send=False)

        thread = threading.Thread(target=start)
        thread.start()
        thread.join(timeout=0.5)
        other.commit()
        thread.join()
    assert len(world.dispatch()) == 1


def test_a_run_that_is_cancelled_leaves_the_backlog(world: World) -> None:
    account = world.account()
    (run,) = backlog(world, account, 1)
    with world.conn.transaction():
        runs.cancel(world.conn, run, account_id=account)
    assert world.dispatch() == []


@pytest.mark.parametrize("mine", [1, 3])
def test_the_place_in_line_is_the_order_that_dispatch_holds(world: World, mine: int) -> None:
    world.pace = type(world.pace)(smallest_window=2)
    accounts = [world.account() for _ in range(5)]
    made = [backlog(world, account, count) for account, count in zip(accounts, (3, 1, 4, 2, 5), strict=True)]
    world.dispatch()
    run = made[2][mine]
    found = the_place(world, run, accounts[2])
    task = world.task(run)["id"]
    served = [message.task_id for message in world.sent]
    while task not in served:
        served += [message.task_id for message in finish_one(world)]
    assert found.position == served.index(task)


def test_a_task_that_is_out_counts_only_those_sent_before_and_not_started(world: World) -> None:
    a, b = world.account(), world.account()
    first, second = world.run(a, ONE_STEP), world.run(b, ONE_STEP)
    assert the_place(world, second, b).position == 1
    assert the_place(world, second, b).reason_code == "no_worker"
    world.alive()
    assert the_place(world, second, b).reason == "1 person is ahead of you"
    world.apply(world.receive().started())
    assert the_place(world, second, b).position == 0
    assert runs.find(world.conn, first, account_id=a).queued is None


def test_the_estimate_follows_what_the_model_took_lately(world: World) -> None:
    account = world.account()
    world.run(account, ONE_STEP)
    world.alive(slots=1)
    world.apply(world.receive().succeeded(seconds=30, computed=3))
    run = world.run(account, ONE_STEP)
    found = the_place(world, run, account)
    assert (found.eta_seconds, found.reason_code) == (3, "next")


def test_a_line_of_thousands_is_counted_to_a_thousand(world: World) -> None:
    crowd, mine = world.account(), world.account()
    world.run(mine, ONE_STEP)
    world.conn.execute("UPDATE turns SET last_served_at = now() + interval '1 hour'")
    (run,) = backlog(world, mine, 1)
    world.conn.execute(
        """
        WITH people AS (INSERT INTO accounts (handle, email, password_hash, guest)
                        SELECT 'p' || n, n || '@example.org', 'hash', false FROM generate_series(1, 1200) n RETURNING id),
             lined AS (INSERT INTO turns (queue, account_id, guest, waiting) SELECT 'text', id, false, true FROM people)
        INSERT INTO tasks (run_id, account_id, ordinal, step, kind, model, revision, queue, guest, needs, params, resolved,
                           state, ready_at, token)
        SELECT %s, id, row_number() OVER () + 1, 's' || row_number() OVER (), 'text', 'smollm2-135m', '', 'text', false,
               '{}', '{}', '{}', 'queued', now(), ''
          FROM people
        """,
        (world.run(crowd, ONE_STEP, send=False),),
    )
    found = the_place(world, run, mine)
    assert (found.position, found.more) == (1_000, True)


def test_a_chain_waits_in_line_only_with_the_step_that_is_ready(world: World) -> None:
    account = world.account()
    run = world.run(account, CHAIN)
    assert runs.find(world.conn, run, account_id=account).queued == world.task(run, 0)["id"]
    world.apply(world.receive().succeeded())
    assert runs.find(world.conn, run, account_id=account).queued == world.task(run, 1)["id"]
