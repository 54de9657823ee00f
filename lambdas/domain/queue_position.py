"""Where a task stands in line, how long that takes and why, in words that a beginner understands."""

import math
from dataclasses import dataclass
from typing import Literal

from lambdas.domain.dispatch import Survey
from lambdas.domain.pace import Pace

COUNTED = 1_000
"""A place in line is counted so far and no further."""

ReasonCode = Literal["no_worker", "on_a_machine", "model_loading", "people_ahead", "own_ahead", "next"]


@dataclass(frozen=True, slots=True)
class Line:
    """Numbers of tasks that stand before one that waits, as far as they were counted."""

    guest: bool
    received: bool
    """A worker has it and does other things first."""
    sent: int
    """Out in the queue and not started."""
    own: int
    """One's own, older, in the backlog."""
    members: int
    """In the backlog, before it as accounts take turns; so with guests."""
    guests: int
    members_behind: int
    """All tasks of members in the backlog; counted for guests only."""
    people: int
    """Whose all these are, oneself left out."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Who could run it: the queue's window, whether a live worker has the model, and how fast it was lately."""

    survey: Survey
    has_model: bool
    loaded: bool
    """A live worker has run the model before."""
    busy: int
    seconds: float | None
    """For how long a task of the model was computed on average."""


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """A place in line as the API shows it; `position` counts the tasks served before."""

    position: int
    more: bool
    eta_seconds: int | None
    reason_code: ReasonCode
    reason: str


def position_of(line: Line, fleet: Fleet, *, pace: Pace) -> QueuePosition:
    """The position of the first in line of a run's tasks."""
    ahead = line.sent + line.own + _others(line, fleet, pace=pace)
    code, reason = _reason(line, fleet, ahead=ahead)
    return QueuePosition(
        position=min(ahead, COUNTED),
        more=ahead >= COUNTED,
        eta_seconds=_eta(ahead, fleet),
        reason_code=code,
        reason=reason,
    )


def _others(line: Line, fleet: Fleet, *, pace: Pace) -> int:
    """Tasks of others in the backlog that dispatch serves before, with guests held to their share of the window."""
    window = pace.window(fleet.survey.slots)
    guests_free = max(0, pace.guest_window(window) - fleet.survey.guests)
    members_per_guest = (1 - pace.guest_share) / pace.guest_share
    if not line.guest:
        members = line.members + line.own
        return line.members + min(line.guests, guests_free + int(members / members_per_guest))
    held_back = line.guests + line.own + 1 - guests_free
    if held_back <= 0:
        return line.guests + line.members
    overtaken_by = min(line.members_behind, int(held_back * members_per_guest))
    return line.guests + max(line.members, overtaken_by)


def _eta(ahead: int, fleet: Fleet) -> int | None:
    slots = fleet.survey.slots
    if fleet.seconds is None or slots == 0 or not fleet.has_model:
        return None
    # Those being worked on are half done on average.
    rounds = (ahead + min(fleet.busy, slots) / 2) / slots
    return math.ceil((rounds + 1) * fleet.seconds)


def _reason(line: Line, fleet: Fleet, *, ahead: int) -> tuple[ReasonCode, str]:
    if not fleet.has_model:
        return "no_worker", "no worker for this model is running"
    if line.received:
        return "on_a_machine", _on_a_machine(ahead)
    if ahead and line.people:
        crowd = "1 person is" if line.people == 1 else f"{line.people:,} people are"
        return "people_ahead", f"{crowd} ahead of you"
    if ahead:
        return "own_ahead", "your own earlier tasks come first"
    if not fleet.loaded:
        return "model_loading", "the model is loading"
    return "next", "you are next"


def _on_a_machine(ahead: int) -> str:
    if not ahead:
        return "a machine has it and begins with it next"
    others = "1 step comes" if ahead == 1 else f"{ahead:,} steps come"
    return f"a machine has it; {others} first"
