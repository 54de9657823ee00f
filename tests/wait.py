"""Waiting for something that other threads or processes bring about."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], *, seconds: float = 180, every: float = 0.05) -> T:
    """The first true value of a condition; fails the test when there is none, after longer than any machine needs."""
    give_up = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > give_up:
            raise AssertionError(f"waited {seconds} s in vain; the last value was {value!r}")
        time.sleep(every)
