"""Who is served next: deals the free places of a queue's window out to the accounts in line."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from lambdas.domain.pace import Pace


@dataclass(frozen=True, slots=True)
class Survey:
    """What is out in one queue, and the slots of its live workers."""

    queue: str
    slots: int
    total: int
    guests: int


@dataclass(frozen=True, slots=True)
class Turn:
    """An account in line: what it has out, and how many of its tasks could go out now."""

    account_id: UUID
    guest: bool
    out: int
    ready: int


def room(survey: Survey, *, pace: Pace) -> int:
    """How many more tasks may be sent."""
    return max(0, pace.window(survey.slots) - survey.total)


def deal(line: Sequence[Turn], *, survey: Survey, pace: Pace) -> list[UUID]:
    """The accounts to serve, one entry per task, in order; `line` has those served longest ago first.

    Round by round each account gets one place, until the window is full, the account has its share out, or nothing
    of it is ready. Guests hold at most their share of the window, unless nobody else could use the place.
    """
    free = room(survey, pace=pace)
    dealt = _rounds(line, free=free, guests_free=_guests_free(survey, pace=pace), taken=Counter(), pace=pace)
    if len(dealt) < free:
        rest = [turn for turn in line if turn.guest]
        dealt += _rounds(rest, free=free - len(dealt), guests_free=free, taken=Counter(dealt), pace=pace)
    return dealt


def _guests_free(survey: Survey, *, pace: Pace) -> int:
    return max(0, pace.guest_window(pace.window(survey.slots)) - survey.guests)


def _rounds(line: Sequence[Turn], *, free: int, guests_free: int, taken: Counter[UUID], pace: Pace) -> list[UUID]:
    dealt: list[UUID] = []
    left = {turn.account_id: min(turn.ready, pace.per_account - turn.out) - taken[turn.account_id] for turn in line}
    while len(dealt) < free:
        before = len(dealt)
        for turn in line:
            if len(dealt) == free:
                break
            if left[turn.account_id] <= 0 or (turn.guest and guests_free <= 0):
                continue
            dealt.append(turn.account_id)
            left[turn.account_id] -= 1
            guests_free -= turn.guest
        if len(dealt) == before:
            break
    return dealt
