"""How free places are dealt out."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from lambdas.domain.dispatch import Survey, Turn, deal, room
from lambdas.domain.pace import Pace

PACE = Pace()


def a_survey(*, slots: int = 0, total: int = 0, guests: int = 0) -> Survey:
    return Survey(queue="text", slots=slots, total=total, guests=guests)


def a_turn(*, guest: bool = False, out: int = 0, ready: int = 8) -> Turn:
    return Turn(account_id=uuid4(), guest=guest, out=out, ready=ready)


def names(dealt: list[UUID], line: list[Turn]) -> str:
    letters = {turn.account_id: "abcdefgh"[place] for place, turn in enumerate(line)}
    return "".join(letters[account_id] for account_id in dealt)


def test_the_window_is_four_times_the_slots_and_at_least_eight() -> None:
    assert [room(a_survey(slots=slots), pace=PACE) for slots in (0, 1, 2, 3, 10)] == [8, 8, 8, 12, 40]
    assert room(a_survey(slots=3, total=20), pace=PACE) == 0


def test_accounts_are_served_in_turn() -> None:
    line = [a_turn(), a_turn(ready=2), a_turn()]
    assert names(deal(line, survey=a_survey(), pace=PACE), line) == "abcabcac"


def test_an_account_has_at_most_eight_out() -> None:
    line = [a_turn(out=6), a_turn(out=8), a_turn(ready=1)]
    assert names(deal(line, survey=a_survey(slots=10), pace=PACE), line) == "aca"


def test_guests_have_a_fifth_of_the_window_while_others_wait() -> None:
    line = [a_turn(guest=True), a_turn(guest=True), a_turn(), a_turn()]
    assert names(deal(line, survey=a_survey(slots=5), pace=PACE), line) == "abcdabcdcdcdcdcdcdcd"
    assert names(deal(line, survey=a_survey(slots=5, total=10, guests=4), pace=PACE), line) == "cdcdcdcdcd"


def test_guests_have_what_nobody_else_can_use() -> None:
    line = [a_turn(guest=True), a_turn(ready=1)]
    assert names(deal(line, survey=a_survey(), pace=PACE), line) == "abaaaaaa"
    line = [a_turn(guest=True), a_turn(out=8)]
    assert names(deal(line, survey=a_survey(slots=4, total=8), pace=PACE), line) == "aaaaaaaa"


turns = st.builds(a_turn, guest=st.booleans(), out=st.integers(0, 10), ready=st.integers(0, 8))


@given(
    line=st.lists(turns, max_size=12),
    slots=st.integers(0, 8),
    total=st.integers(0, 40),
    guests=st.integers(0, 40),
)
def test_no_place_is_dealt_twice_and_none_is_left_that_somebody_could_use(
    line: list[Turn], slots: int, total: int, guests: int
) -> None:
    survey = a_survey(slots=slots, total=total, guests=min(total, guests))
    dealt = deal(line, survey=survey, pace=PACE)
    served = {turn.account_id: dealt.count(turn.account_id) for turn in line}
    useful = {turn.account_id: max(0, min(turn.ready, PACE.per_account - turn.out)) for turn in line}
    assert all(served[account_id] <= useful[account_id] for account_id in served)
    assert len(dealt) == min(room(survey, pace=PACE), sum(useful.values()))
