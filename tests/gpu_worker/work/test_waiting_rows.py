"""How waiting rows become batches."""

import threading
from collections.abc import Callable

from gpu_worker.engines.base import Row
from gpu_worker.queue.in_flight import Delivery
from gpu_worker.work.batches import BatchSlot, WaitingRows
from tests.gpu_worker.models import TINY
from tests.gpu_worker.site import a_delivery


def slots_of(delivery: Delivery, *, key: str = "key") -> list[BatchSlot]:
    request = delivery.request
    slots = [BatchSlot(delivery, k, Row(request.params, seed), TINY) for k, seed in enumerate(request.seeds)]
    for slot in slots:
        slot.key = key
    return slots


def line_of(*some: list[BatchSlot], more: bool = True) -> WaitingRows:
    """Rows that wait in this order; `more` are in the queue behind them."""
    waiting = WaitingRows()
    for slots in some:
        waiting.expect(1, more=more)
        waiting.add(slots)
    return waiting


def prefer_full(waiting: WaitingRows, first: BatchSlot) -> BatchSlot:
    return waiting.prefer_full(first, key=lambda slot: slot.key, limit=lambda _: 2)


def next_of(
    waiting: WaitingRows, *, prefers: Callable[[BatchSlot], bool] = lambda _: False, patience: float = 60
) -> BatchSlot | None:
    return waiting.next(prefers=prefers, patience=patience)


def test_rows_of_several_deliveries_share_a_batch_oldest_first() -> None:
    one, two = slots_of(a_delivery(3)), slots_of(a_delivery(2))
    waiting = line_of(one, two)
    assert next_of(waiting) is one[0]
    assert waiting.take(limit=4, fits=lambda _: True) == [*one, two[0]]
    assert waiting.take(limit=4, fits=lambda _: True) == [two[1]]


def test_rows_that_do_not_fit_keep_their_place() -> None:
    one, two, three = (slots_of(a_delivery()) for _ in range(3))
    waiting = line_of(one, two, three)
    assert waiting.take(limit=4, fits=lambda slot: slot is not two[0]) == [*one, *three]
    assert next_of(waiting) is two[0]


def test_rows_of_closed_deliveries_are_dropped() -> None:
    cancelled, wanted = a_delivery(2), slots_of(a_delivery())
    waiting = line_of(slots_of(cancelled), wanted)
    assert cancelled.close()
    assert next_of(waiting) is wanted[0]
    assert waiting.take(limit=4, fits=lambda _: True) == wanted


def test_closing_ends_the_wait() -> None:
    waiting = WaitingRows()
    got: list[BatchSlot | None] = []
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


def test_a_row_whose_model_is_loaded_comes_first_but_not_for_ever() -> None:
    old, loaded, young = (slots_of(a_delivery()) for _ in range(3))
    waiting = line_of(old, loaded, young)

    def prefers(slot: BatchSlot) -> bool:
        return slot is loaded[0]

    assert next_of(waiting, prefers=prefers) is loaded[0]
    old[0].delivery.received_at -= 61
    assert next_of(waiting, prefers=prefers) is old[0]


def test_rows_that_are_put_back_are_next() -> None:
    one, two = slots_of(a_delivery(2)), slots_of(a_delivery())
    waiting = line_of(one)
    assert waiting.take(limit=2, fits=lambda _: True) == one
    waiting.expect(1, more=False)
    waiting.add(two)
    waiting.put_back(one)
    assert waiting.take(limit=3, fits=lambda _: True) == [*one, *two]


def test_a_row_lets_a_full_batch_go_first_but_only_three_times() -> None:
    lone, pair = slots_of(a_delivery(), key="a"), slots_of(a_delivery(2), key="b")
    waiting = line_of(lone, pair)
    assert [prefer_full(waiting, lone[0]) for _ in range(4)] == [*[pair[0]] * 3, lone[0]]


def test_a_row_with_a_full_batch_of_its_own_goes_first() -> None:
    first, pair = slots_of(a_delivery(), key="a"), slots_of(a_delivery(2), key="b")
    waiting = line_of(first, pair, slots_of(a_delivery(), key="a"))
    assert prefer_full(waiting, first[0]) is first[0]


def test_no_row_is_passed_when_the_queue_has_no_more() -> None:
    lone, pair = slots_of(a_delivery(), key="a"), slots_of(a_delivery(2), key="b")
    assert prefer_full(line_of(lone, pair, more=False), lone[0]) is lone[0]


def test_rows_whose_model_is_not_loaded_are_no_full_batch() -> None:
    lone, unknown = slots_of(a_delivery(), key="a"), slots_of(a_delivery(2))
    for slot in unknown:
        slot.key = None
    assert prefer_full(line_of(lone, unknown), lone[0]) is lone[0]


def test_a_batch_waits_for_rows_that_are_on_their_way() -> None:
    one, two = slots_of(a_delivery()), slots_of(a_delivery())
    waiting = line_of(one)
    waiting.expect(1, more=False)
    threading.Timer(0.02, waiting.add, [two]).start()
    assert waiting.take(limit=2, fits=lambda _: True, patience=60) == [*one, *two]


def test_a_batch_does_not_wait_for_ever_for_rows_that_are_on_their_way() -> None:
    one = slots_of(a_delivery())
    waiting = line_of(one)
    waiting.expect(1, more=False)
    assert waiting.take(limit=2, fits=lambda _: True) == one


def test_the_rows_of_a_delivery_that_has_come_to_nothing_leave() -> None:
    one, two = slots_of(a_delivery(2)), slots_of(a_delivery())
    waiting = line_of(one, two)
    waiting.discard({one[0].delivery})
    assert waiting.take(limit=4, fits=lambda _: True) == two
