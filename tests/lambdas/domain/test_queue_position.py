"""What people are told about their place in line."""

from dataclasses import replace

import pytest

from lambdas.domain.dispatch import Survey
from lambdas.domain.pace import Pace
from lambdas.domain.queue_position import Fleet, Line, position_of

NOBODY = Line(guest=False, received=False, sent=0, own=0, members=0, guests=0, members_behind=0, people=0)
READY = Fleet(survey=Survey("text", slots=4, total=0, guests=0), has_model=True, loaded=True, busy=0, seconds=2)


def said(line: Line = NOBODY, fleet: Fleet = READY) -> tuple[int, str, str]:
    found = position_of(line, fleet, pace=Pace())
    return found.position, found.reason_code, found.reason


def test_the_next_in_line_is_told_so() -> None:
    assert said() == (0, "next", "you are next")


def test_people_ahead_are_counted_as_people_and_the_position_in_tasks() -> None:
    assert said(replace(NOBODY, sent=3, members=4, people=3)) == (7, "people_ahead", "3 people are ahead of you")
    assert said(replace(NOBODY, sent=1, people=1)) == (1, "people_ahead", "1 person is ahead of you")


def test_ones_own_tasks_are_no_people() -> None:
    assert said(replace(NOBODY, own=5)) == (5, "own_ahead", "your own earlier tasks come first")


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (0, "a machine has it and begins with it next"),
        (1, "a machine has it; 1 step comes first"),
        (1_000, "a machine has it; 1,000 steps come first"),
    ],
)
def test_what_waits_at_a_machine_says_so_before_anything_about_the_line(sent: int, reason: str) -> None:
    line = replace(NOBODY, received=True, sent=sent, people=sent)
    assert said(line, replace(READY, loaded=False)) == (sent, "on_a_machine", reason)


def test_a_model_that_nobody_has_is_the_first_thing_to_say() -> None:
    code = said(replace(NOBODY, sent=3, people=3), replace(READY, has_model=False))
    assert code == (3, "no_worker", "no worker for this model is running")


def test_a_model_that_no_live_worker_has_run_yet_has_to_load() -> None:
    assert said(fleet=replace(READY, loaded=False)) == (0, "model_loading", "the model is loading")


def test_a_long_line_is_counted_to_a_thousand() -> None:
    found = position_of(replace(NOBODY, members=1_000, people=1_000), READY, pace=Pace())
    assert (found.position, found.more, found.reason) == (1_000, True, "1,000 people are ahead of you")
    assert position_of(replace(NOBODY, members=999, people=9), READY, pace=Pace()).more is False


@pytest.mark.parametrize(("sent", "busy", "seconds"), [(0, 0, 2), (4, 0, 4), (8, 4, 7), (8, 40, 7)])
def test_the_estimate_is_rounds_of_all_slots(sent: int, busy: int, seconds: int) -> None:
    found = position_of(replace(NOBODY, sent=sent), replace(READY, busy=busy), pace=Pace())
    assert found.eta_seconds == seconds


@pytest.mark.parametrize(
    "fleet",
    [
        replace(READY, seconds=None),
        replace(READY, has_model=False),
        replace(READY, survey=Survey("text", slots=0, total=0, guests=0)),
    ],
)
def test_nothing_is_estimated_without_a_worker_or_a_time_to_go_by(fleet: Fleet) -> None:
    assert position_of(NOBODY, fleet, pace=Pace()).eta_seconds is None


def test_members_wait_for_as_many_guests_as_their_share_lets_through() -> None:
    crowd = replace(NOBODY, members=8, guests=500, people=508)
    assert said(crowd)[0] == 8 + 3 + 2
    full = replace(READY, survey=Survey("text", slots=4, total=10, guests=5))
    assert said(crowd, full)[0] == 8 + 2


def test_guests_beyond_their_share_are_overtaken_by_members() -> None:
    behind = replace(NOBODY, guest=True, guests=2, members=1, members_behind=100, people=3)
    full = replace(READY, survey=Survey("text", slots=4, total=16, guests=3))
    assert said(behind, full)[0] == 2 + 12
    assert said(replace(behind, members_behind=4), full)[0] == 2 + 4
    free = replace(READY, survey=Survey("text", slots=8, total=0, guests=0))
    assert said(behind, free)[0] == 2 + 1
