"""What workers say of themselves, as far as it decides what they are sent."""

from lambdas.store import workers
from tests.lambdas.flow.world import World


def protocol(world: World, queue: str = "text") -> int | None:
    return workers.protocol(world.conn, queue=queue, pace=world.pace)


def test_a_queue_understands_what_each_of_its_live_workers_does(world: World) -> None:
    assert protocol(world) is None
    world.apply(world.heartbeat(worker="new").model_copy(update={"protocol": 2}))
    assert (protocol(world), protocol(world, "image")) == (2, None)
    world.apply(world.heartbeat(worker="old").model_copy(update={"protocol": 1}))
    assert protocol(world) == 1
    world.apply(world.heartbeat(worker="older"))
    assert protocol(world) == 0, "it names none"


def test_a_worker_that_fell_silent_decides_nothing(world: World) -> None:
    world.apply(world.heartbeat(worker="old").model_copy(update={"protocol": 1}))
    world.pass_time(world.pace.live.total_seconds() + 1)
    world.apply(world.heartbeat(worker="new").model_copy(update={"protocol": 2}))
    assert protocol(world) == 2


def test_a_worker_that_is_updated_names_its_new_protocol(world: World) -> None:
    world.apply(world.heartbeat(worker="same").model_copy(update={"protocol": 1}))
    world.apply(world.heartbeat(worker="same").model_copy(update={"protocol": 2}))
    assert protocol(world) == 2
