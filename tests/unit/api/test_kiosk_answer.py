"""What a kiosk says in every case there is."""

from datetime import UTC, datetime, timedelta

import pytest

from streamer.api.kiosk_answer import kiosk_answer, references_in
from streamer.checkin.codes.claim import Answer, Arrival, Choice, Redeemed
from streamer.domain.check_in import EvidenceGrade, Recorded
from streamer.domain.decision import Reason
from streamer.domain.ticket import VisitPlace
from streamer.web.models.kiosk import KioskState

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLACES = {
    "A-1": VisitPlace("A-1", NINE, "main", "12", 345),
    "A-2": VisitPlace("A-2", NINE + HOUR, "north", None, 678),
}


def choice(number: int, dependant: int = 0, *, denied: bool = False) -> Choice:
    return Choice(f"A-{number}", dependant, NINE, "main", denied)


def arrival(recorded: Recorded) -> Arrival:
    return Arrival("A-1", EvidenceGrade.CODE, recorded)


CASES = [
    (
        Redeemed(Answer.ARRIVED, Reason.WINDOW_OPEN, (arrival(Recorded.WRITTEN),)),
        KioskState.ARRIVED,
        ["12"],
    ),
    (
        Redeemed(Answer.NOT_ARRIVED, Reason.ALREADY_ARRIVED, (arrival(Recorded.DUPLICATE),)),
        KioskState.ALREADY,
        ["12"],
    ),
    (
        Redeemed(Answer.NOT_ARRIVED, Reason.ALREADY_ARRIVED, meant=(choice(1),)),
        KioskState.ALREADY,
        ["12"],
    ),
    (Redeemed(Answer.NOT_ARRIVED, Reason.EARLY, meant=(choice(1),)), KioskState.EARLY, ["12"]),
    (Redeemed(Answer.NOT_ARRIVED, Reason.EARLY), KioskState.EARLY, []),
    (Redeemed(Answer.NOT_ARRIVED, Reason.LATE, meant=(choice(1),)), KioskState.LATE, ["12"]),
    (
        Redeemed(Answer.NOT_ARRIVED, Reason.OTHER_BUILDING, meant=(choice(2),)),
        KioskState.OTHER_BUILDING,
        [None],
    ),
    (Redeemed(Answer.NOT_ARRIVED, Reason.CANCELLED), KioskState.CANCELLED, []),
    (Redeemed(Answer.NOT_ARRIVED, Reason.NOT_AT_SITE), KioskState.ELSEWHERE, []),
    (Redeemed(Answer.NOT_ARRIVED, Reason.NO_APPOINTMENT), KioskState.NO_APPOINTMENT, []),
    (Redeemed(Answer.NOT_ARRIVED, Reason.NO_OPEN_APPOINTMENT), KioskState.NO_APPOINTMENT, []),
    (Redeemed(Answer.NOT_ARRIVED, Reason.NOSHOW_SET), KioskState.RECEPTION, []),
    # A child's visit was set to noshow: a colleague has been asked.
    (Redeemed(Answer.NOT_ARRIVED, Reason.EARLY, to_review=True), KioskState.RECEPTION, []),
    (Redeemed(Answer.REFUSED), KioskState.REFUSED, []),
    (Redeemed(Answer.AWAY, fault="the service"), KioskState.AWAY, []),
    (Redeemed(Answer.DISPUTED, Reason.DISPUTED), KioskState.DISPUTED, []),
    # What nobody has thought of is for a person.
    (Redeemed(Answer.NOT_ARRIVED, Reason.UNDONE_TODAY), KioskState.RECEPTION, []),
    (Redeemed(Answer.NOT_ARRIVED), KioskState.RECEPTION, []),
]


@pytest.mark.parametrize(("redeemed", "state", "rooms"), CASES)
def test_every_case_has_its_word(
    redeemed: Redeemed, state: KioskState, rooms: list[str | None]
) -> None:
    answer = kiosk_answer(redeemed, PLACES, HOUR)
    assert answer.state is state
    assert [one.room for one in answer.visits] == rooms
    assert answer.choices == []
    assert answer.wait_s is None


def test_every_answer_is_among_them() -> None:
    assert {one.answer for one, _, _ in CASES} == set(Answer) - {Answer.CHOOSE}
    assert {state for _, state, _ in CASES} == set(KioskState) - {
        KioskState.CHOOSE,
        KioskState.WAIT,
    }


def test_who_is_early_is_told_from_when_on() -> None:
    redeemed = Redeemed(Answer.NOT_ARRIVED, Reason.EARLY, meant=(choice(1),))
    (visit,) = kiosk_answer(redeemed, PLACES, HOUR).visits
    assert (visit.starts_at, visit.opens_at, visit.ticket) == (NINE, NINE - HOUR, 345)


def test_a_guardian_chooses_by_time_and_room() -> None:
    redeemed = Redeemed(Answer.CHOOSE, choices=(choice(1, 1), choice(2, 2, denied=True)))
    answer = kiosk_answer(redeemed, PLACES, HOUR)
    assert answer.state is KioskState.CHOOSE
    assert [(one.room, one.person) for one in answer.choices] == [("12", 1), (None, 2)]
    assert references_in(redeemed) == ("A-1", "A-2")


def test_a_kiosk_that_waits_says_for_how_long_and_nothing_of_the_code() -> None:
    answer = kiosk_answer(Redeemed(Answer.REFUSED), {}, HOUR, wait_s=0.4)
    assert (answer.state, answer.wait_s) == (KioskState.WAIT, 1)
    # Whoever was let in meanwhile is.
    arrived = Redeemed(Answer.ARRIVED, Reason.WINDOW_OPEN, (arrival(Recorded.WRITTEN),))
    assert kiosk_answer(arrived, PLACES, HOUR, wait_s=9.0).state is KioskState.ARRIVED
