"""What whoever works at a terminal is told of a code."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from streamer.checkin.codes.claim import Answer, Arrival, Choice, Redeemed
from streamer.commands.redeemed_words import redeemed_words
from streamer.domain.check_in import EvidenceGrade, Recorded
from streamer.domain.decision import Reason

ALMATY = ZoneInfo("Asia/Almaty")
NINE = datetime(2026, 11, 23, 4, tzinfo=UTC)
VISIT = Choice("A-1", 0, NINE, "north")


def said(redeemed: Redeemed) -> list[str]:
    return list(redeemed_words(redeemed, ALMATY, timedelta(hours=2)))


def refused(reason: Reason, *meant: Choice) -> str:
    (line,) = said(Redeemed(Answer.NOT_ARRIVED, reason, meant=meant))
    return line


def test_when_and_where_to_come_again() -> None:
    assert refused(Reason.EARLY, VISIT) == (
        "The patient comes too early for A-1 (09:00); the code stays good, show it again from "
        "07:00 on."
    )
    assert "another building: north, for A-1 (09:00)" in refused(Reason.OTHER_BUILDING, VISIT)
    assert "too late for A-1 (09:00); see reception" in refused(Reason.LATE, VISIT)


@pytest.mark.parametrize("reason", Reason)
def test_nothing_is_made_up_where_no_visit_is_meant(reason: Reason) -> None:
    line = refused(reason)
    assert line.startswith("The patient ")
    assert "A-1" not in line


def test_who_has_come_is_chosen_once_for_all() -> None:
    choices = (Choice("A-2", 1, NINE, None), Choice("A-3", 2, NINE, None, denied=True))
    first, *lines = said(Redeemed(Answer.CHOOSE, choices=choices))
    assert "once for all who have come, for that uses it up" in first
    assert lines == ["  A-2  09:00  dependant 1", "  A-3  09:00  dependant 2  set to noshow"]


def test_what_arrived_stands_in_order() -> None:
    arrivals = tuple(
        Arrival(ref, EvidenceGrade.GUARDIAN, Recorded.WRITTEN) for ref in ("A-3", "A-2")
    )
    redeemed = Redeemed(Answer.ARRIVED, Reason.WINDOW_OPEN, arrivals, to_review=True)
    assert said(redeemed) == [
        "A-2: arrived (guardian)",
        "A-3: arrived (guardian)",
        "That they are here is kept, and a colleague is asked: kirdi review list.",
    ]
