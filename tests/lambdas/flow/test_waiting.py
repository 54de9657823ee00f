"""Tasks that a worker has and does not compute yet: what people see of them, and what they cost nobody."""

import pytest

from lambdas.domain.queue_position import QueuePosition
from lambdas.store import queue_position, stats
from tests.lambdas.flow.world import ONE_STEP, World


def the_place(world: World, run: object) -> QueuePosition:
    found = queue_position.find(world.conn, task_id=world.task(run)["id"], pace=world.pace)  # type: ignore[arg-type]
    assert found
    return found


def test_a_task_that_waits_at_a_worker_is_queued_on_a_machine(world: World) -> None:
    first, second = world.run(world.account(), ONE_STEP), world.run(world.account(), ONE_STEP)
    world.alive()
    one, two = world.receive(), world.receive()
    world.apply(one.received(), two.received())
    assert (world.state(second), world.task(second)["state"]) == ("queued", "queued")
    assert (the_place(world, first).position, the_place(world, first).reason_code) == (0, "on_a_machine")
    assert the_place(world, second).reason == "a machine has it; 1 step comes first"
    world.apply(one.started())
    assert the_place(world, second).reason == "a machine has it and begins with it next"
    world.apply(two.started())
    assert world.state(second) == "running"


def test_a_task_that_waits_is_not_sent_again_while_its_worker_says_so(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    delivery = world.receive()
    for _ in range(5):
        world.apply(delivery.received())
        world.pass_time(100)
        assert world.sweep() == []
    world.apply(delivery.started(), delivery.succeeded())
    assert (world.state(run), world.task(run)["attempt"]) == ("succeeded", 1)


def test_a_worker_that_falls_silent_while_a_task_waits_costs_no_attempt(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    world.alive()
    world.apply(world.receive().received())
    world.pass_time(181)
    world.alive()
    world.sweep()
    assert the_place(world, run).reason_code != "on_a_machine"
    assert world.receive().request.attempt == 1


def test_a_task_that_waited_goes_back_to_the_backlog_when_it_is_released(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    delivery = world.receive()
    world.apply(delivery.received())
    world.apply(delivery.released())
    world.apply(delivery.received())
    assert (world.task(run)["attempt"], len(world.sent)) == (1, 1)
    world.apply(world.receive().started())
    assert world.state(run) == "running"


def test_a_start_of_the_edition_takes_no_task_to_be_on_a_machine(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    world.alive()
    world.apply(world.receive().received())
    world.send_all_again()
    assert the_place(world, run).reason_code != "on_a_machine"


def test_speeds_and_estimates_leave_out_what_says_nothing_about_computing(world: World) -> None:
    account = world.account()
    world.alive(slots=1)
    for computed in (None, 2.0, 4.0):
        world.run(account, ONE_STEP)
        world.apply(world.receive().succeeded(seconds=160, computed=computed))
    assert stats.speeds(world.conn, ["smollm2-135m"])["smollm2-135m"].mean == pytest.approx(3)
    assert the_place(world, world.run(account, ONE_STEP)).eta_seconds == 3


def test_a_model_whose_workers_are_all_older_has_no_speed(world: World) -> None:
    account = world.account()
    world.alive(slots=1)
    world.run(account, ONE_STEP)
    world.apply(world.receive().succeeded(seconds=160, computed=None))
    assert stats.speeds(world.conn, ["smollm2-135m"]) == {}
    assert the_place(world, world.run(account, ONE_STEP)).eta_seconds is None
