"""How waiting rows become batches."""

import threading
from collections.abc import Callable

from contract.messages import TASK_REQUESTED
from gpu_worker.batch import Seat, Waiting
from gpu_worker.delivery import Delivery, Hands, Ticket
from gpu_worker.engines.base import Row
from tests.gpu_worker.site import an_image_request


def a_delivery(rows: int = 1) -> Delivery:
    request = TASK_REQUESTED.validate_python(an_image_request(seeds=range(rows)))
    return Delivery(ticket=Ticket(request.task, 1, "t"), request=request, receipt="r")


def seats_of(delivery: Delivery) -> list[Seat]:
    request = delivery.request
    return [Seat(delivery, k, Row(request.params, seed)) for k, seed in enumerate(request.seeds)]


def next_of(
    waiting: Waiting, *, prefers: Callable[[Seat], bool] = lambda _: False, patience: float = 60
) -> Seat | None:
    return waiting.next(prefers=prefers, patience=patience)


def test_rows_of_several_deliveries_share_a_batch_oldest_first() -> None:
    waiting = Waiting()
    one, two = seats_of(a_delivery(3)), seats_of(a_delivery(2))
    waiting.add(one)
    waiting.add(two)
    assert next_of(waiting) is one[0]
    assert waiting.take(limit=4, fits=lambda _: True) == [*one, two[0]]
    assert waiting.take(limit=4, fits=lambda _: True) == [two[1]]


def test_rows_that_do_not_fit_keep_their_place() -> None:
    waiting = Waiting()
    one, two, three = (seats_of(a_delivery()) for _ in range(3))
    for seats in (one, two, three):
        waiting.add(seats)
    assert waiting.take(limit=4, fits=lambda seat: seat is not two[0]) == [*one, *three]
    assert next_of(waiting) is two[0]


def test_rows_that_nobody_wants_any_more_vanish() -> None:
    waiting = Waiting()
    cancelled, wanted = a_delivery(2), seats_of(a_delivery())
    waiting.add(seats_of(cancelled))
    waiting.add(wanted)
    assert cancelled.close()
    assert next_of(waiting) is wanted[0]
    assert waiting.take(limit=4, fits=lambda _: True) == wanted


def test_closing_ends_the_wait() -> None:
    waiting = Waiting()
    got: list[Seat | None] = []
    thread = threading.Thread(target=lambda: got.append(next_of(waiting)))
    thread.start()
    waiting.close()
    thread.join(timeout=10)
    assert got == [None]


def test_only_one_may_close_a_delivery() -> None:
    delivery = a_delivery()
    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(delivery.close())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 7 + [True]


def test_a_delivery_is_as_far_as_its_outputs_are_together() -> None:
    delivery = a_delivery(4)
    delivery.fractions[:] = [1.0, 0.5, 0.0, 0.5]
    assert delivery.fraction == 0.5


def test_hands_have_room_again_when_a_delivery_is_done_with() -> None:
    hands = Hands()
    held = [a_delivery(), a_delivery()]
    for delivery in held:
        hands.add(delivery)
    assert hands.wait_for_room(2, timeout=0) == 0
    assert hands.wait_for_room(5, timeout=0) == 3
    assert hands.all() == held
    hands.remove(held[0])
    assert hands.wait_for_room(2, timeout=0) == 1
    assert not hands.wait_until_empty(timeout=0)
    hands.remove(held[1])
    assert hands.wait_until_empty(timeout=0)


def test_a_row_whose_model_is_loaded_comes_first_but_not_for_ever() -> None:
    waiting = Waiting()
    old, loaded, young = (seats_of(a_delivery()) for _ in range(3))
    for seats in (old, loaded, young):
        waiting.add(seats)

    def prefers(seat: Seat) -> bool:
        return seat is loaded[0]

    assert next_of(waiting, prefers=prefers) is loaded[0]
    old[0].delivery.received_at -= 61
    assert next_of(waiting, prefers=prefers) is old[0]


def test_rows_that_are_put_back_are_next() -> None:
    waiting = Waiting()
    one, two = seats_of(a_delivery(2)), seats_of(a_delivery())
    waiting.add(one)
    assert waiting.take(limit=2, fits=lambda _: True) == one
    waiting.add(two)
    waiting.put_back(one)
    assert waiting.take(limit=3, fits=lambda _: True) == [*one, *two]
