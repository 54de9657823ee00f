"""Deliveries in flight: how far they are, when they will be done, and how many more are asked for."""

import math

import pytest

from gpu_worker.queue.in_flight import InFlight, PrefetchLimits
from tests.gpu_worker.site import a_delivery


def test_a_delivery_is_as_far_as_its_outputs_are_together() -> None:
    delivery = a_delivery(4)
    delivery.fractions[:] = [1.0, 0.5, 0.0, 0.5]
    assert delivery.fraction == 0.5


def test_a_delivery_that_has_not_begun_has_no_estimated_end() -> None:
    delivery = a_delivery()
    assert delivery.done_at == math.inf
    assert not delivery.has_begun
    assert delivery.begin()
    assert delivery.has_begun
    assert delivery.done_at == math.inf


def test_a_delivery_is_estimated_to_go_on_as_fast_as_it_went(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("gpu_worker.queue.in_flight.time.monotonic", lambda: clock[0])
    delivery = a_delivery(2)
    delivery.begin()
    clock[0] = 110.0
    assert not delivery.begin()
    delivery.fractions[:] = [1.0, 0.0]
    assert delivery.done_at == 120.0
    delivery.fractions[1] = 1.0
    assert delivery.done_at == 110.0


def test_computing_lasts_from_the_first_row_to_the_last_output(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("gpu_worker.queue.in_flight.time.monotonic", lambda: clock[0])
    delivery = a_delivery(2)
    clock[0] = 150.0
    delivery.begin()
    clock[0] = 153.0
    assert not delivery.add(1, "a", batch=4)
    assert delivery.computed_seconds is None
    clock[0] = 160.0
    assert delivery.add(0, "b", batch=2)
    assert (delivery.computed_seconds, delivery.batch, delivery.fraction) == (10.0, 4, 1.0)


def test_a_removed_delivery_makes_room_for_another() -> None:
    in_flight = InFlight()
    held = [a_delivery(), a_delivery()]
    for delivery in held:
        in_flight.add(delivery)
    assert in_flight.wait_for_room(PrefetchLimits(2, ahead=0, cost=1), timeout=0) == 0
    assert in_flight.wait_for_room(PrefetchLimits(2, ahead=3, cost=1), timeout=0) == 3
    assert in_flight.all() == held
    in_flight.remove(held[0])
    assert in_flight.wait_for_room(PrefetchLimits(2, ahead=0, cost=1), timeout=0) == 1
    assert not in_flight.wait_until_empty(timeout=0)
    in_flight.remove(held[1])
    assert in_flight.wait_until_empty(timeout=0)


def test_at_least_half_of_the_prefetch_is_requested_at_once() -> None:
    in_flight, prefetch = InFlight(), PrefetchLimits(2, ahead=4, cost=1)
    held = [a_delivery() for _ in range(6)]
    for delivery in held:
        in_flight.add(delivery)
    in_flight.remove(held[0])
    assert in_flight.wait_for_room(prefetch, timeout=0) == 0
    in_flight.remove(held[1])
    assert in_flight.wait_for_room(prefetch, timeout=0) == 2


def test_the_prefetch_is_smaller_the_more_each_task_costs() -> None:
    in_flight, prefetch = InFlight(), PrefetchLimits(4, ahead=4, cost=100)
    in_flight.add(a_delivery(cost=30))
    assert in_flight.wait_for_room(prefetch, timeout=0) == 3
    in_flight.add(a_delivery(cost=60))
    assert in_flight.wait_for_room(prefetch, timeout=0) == 1


def test_a_task_that_costs_more_than_all_room_is_taken_but_none_beside_it() -> None:
    in_flight, prefetch = InFlight(), PrefetchLimits(4, ahead=4, cost=100)
    assert in_flight.wait_for_room(prefetch, timeout=0) == 8
    huge = a_delivery(2, cost=400)
    in_flight.add(huge)
    assert in_flight.wait_for_room(prefetch, timeout=0) == 0
    huge.fractions[:] = [1.0, 0.6]
    assert in_flight.wait_for_room(prefetch, timeout=0) == 1
