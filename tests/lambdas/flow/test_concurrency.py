"""Many handlers at once on one database: nobody waits in a circle, and nothing is sent, counted or kept twice."""

import random
import threading
from collections import Counter
from collections.abc import Callable

import psycopg
import pytest

from contract.messages import TASK_REQUESTED
from lambdas.store import runs
from tests.lambdas.flow.world import CHAIN, ONE_STEP, SIDE_BY_SIDE, Delivery, World

THREADS, ROUNDS = 6, 60
SPECS = (ONE_STEP, CHAIN, SIDE_BY_SIDE)


@pytest.mark.slow
def test_handlers_at_work_at_the_same_time_never_wait_in_a_circle(database: str, world: World) -> None:
    accounts = [world.account() for _ in range(4)]
    pipelines = {account: [world.pipeline(account, spec) for spec in SPECS] for account in accounts}
    errors: list[BaseException] = []
    sent: list[str] = []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        with psycopg.connect(database, autocommit=True) as conn:
            mine = World(conn)
            for _ in range(ROUNDS):
                one_round(mine, chance)
            sent.extend(message.body for message in mine.sent)

    def one_round(mine: World, chance: random.Random) -> None:
        account = chance.choice(accounts)
        what = chance.randrange(len(SPECS))
        started = mine.run(account, SPECS[what], pipeline=pipelines[account][what])
        chance.shuffle(mine.sent)
        deliveries = [mine.receive() for _ in range(min(len(mine.sent), 8))]
        again = [Delivery(request=delivery.request) for delivery in deliveries[:2]]
        mine.apply(*(delivery.started() for delivery in [*deliveries, *again]))
        done = [chance.choice(ends(delivery))() for delivery in deliveries]
        chance.shuffle(done)
        mine.apply(*done)
        if chance.random() < 0.3:
            with mine.conn.transaction():
                runs.cancel(mine.conn, started, account_id=account)
                mine.dispatch()
        if chance.random() < 0.2:
            mine.sweep()
        if chance.random() < 0.2:
            mine.alive(slots=chance.randrange(1, 9), queue=chance.choice(["text", "image"]))

    threads = [threading.Thread(target=guarded(work, errors), args=(seed,)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    tasks = [TASK_REQUESTED.validate_json(body) for body in sent]
    assert max(Counter((task.task, task.attempt, task.deadline) for task in tasks).values(), default=0) <= 1
    finish(world)
    assert world.conn.execute("SELECT count(*) FROM runs WHERE finished_at IS NULL").fetchone() == (0,)
    uneven = world.conn.execute(
        "SELECT t.id FROM tasks t LEFT JOIN assets a ON a.task_id = t.id GROUP BY t.id"
        " HAVING count(a.id) <> CASE t.state WHEN 'succeeded' THEN coalesce((t.params ->> 'count')::integer, 1) ELSE 0 END"
    ).fetchall()
    assert uneven == []


def ends(delivery: Delivery) -> list[Callable[[], object]]:
    return [delivery.succeeded, delivery.succeeded, delivery.succeeded, delivery.failed, delivery.released]


def guarded(work: Callable[[int], None], errors: list[BaseException]) -> Callable[[int], None]:
    def run(seed: int) -> None:
        try:
            work(seed)
        except BaseException as error:  # noqa: BLE001 - a thread's error is the test's
            errors.append(error)

    return run


def finish(world: World) -> None:
    """Let everything come to its end."""
    for _ in range(200):
        world.pass_time(200)
        world.sweep()
        world.work()
        if world.conn.execute("SELECT 1 FROM runs WHERE finished_at IS NULL LIMIT 1").fetchone() is None:
            return
