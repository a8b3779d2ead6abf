"""Every case of the decision, by name."""

from datetime import timedelta

import pytest

from streamer.checkin.decision import (
    ShownEvidence,
    decide,
)
from streamer.domain.appointment import Appointment
from streamer.domain.decision import Decision, Outcome, Reason, SeenFor
from streamer.domain.presence import PresenceFlag
from tests.unit.checkin.cases import (
    AGAIN,
    ARRIVE,
    CODE,
    CONFLICT,
    EARLY,
    IGNORE,
    LATE,
    NOW,
    OTHER_BUILDING,
    POLICY,
    REVIEW,
    SURE,
    UNBOOKED,
    booked,
    case,
    flags,
)

# Every case of one appointment. A code decides as a face does, where nothing else is said.
ONE = [
    case("in the window", booked(), ARRIVE, Reason.WINDOW_OPEN),
    case("pending", booked(status="pending"), ARRIVE, Reason.WINDOW_OPEN),
    case("as the window opens", booked(120), ARRIVE, Reason.WINDOW_OPEN),
    case("early by a minute", booked(121), IGNORE, Reason.EARLY, EARLY),
    case("as early as it gets", booked(240), IGNORE, Reason.EARLY, EARLY),
    case("just before the window closes", booked(-29.9), ARRIVE, Reason.WINDOW_OPEN),
    case("as the window closes", booked(-30), IGNORE, Reason.LATE, LATE),
    case("late by two hours", booked(-120), IGNORE, Reason.LATE, LATE),
    case("late for the day's first", booked(-600), IGNORE, Reason.LATE, LATE),
    case("arrived already", booked(status="arrived"), IGNORE, Reason.ALREADY_ARRIVED, AGAIN),
    case("checked in already", booked(status="checked-in"), IGNORE, Reason.ALREADY_ARRIVED, AGAIN),
    case("seen by the doctor", booked(status="fulfilled"), IGNORE, Reason.ALREADY_ARRIVED, AGAIN),
    case("leaving", booked(-60, "fulfilled"), IGNORE, Reason.ALREADY_ARRIVED, AGAIN),
    case(
        "arrived by hand hours early", booked(200, "arrived"), IGNORE, Reason.ALREADY_ARRIVED, AGAIN
    ),
    case("noshow in the window", booked(-10, "noshow"), REVIEW, Reason.NOSHOW_SET, CONFLICT),
    case("noshow and late", booked(-60, "noshow"), REVIEW, Reason.NOSHOW_SET, CONFLICT),
    case(
        "home visit and home again", booked(-60, "booked", "outreach"), IGNORE, Reason.NOT_AT_SITE
    ),
    case("this building", booked(building="main"), ARRIVE, Reason.WINDOW_OPEN),
]
FACE_ONLY = [
    # A face leaves a trace of an appointment or none.
    case("wrong building", booked(building="annex"), IGNORE, Reason.OTHER_BUILDING, OTHER_BUILDING),
    case(
        "wrong building, early",
        booked(180, building="annex"),
        IGNORE,
        Reason.OTHER_BUILDING,
        OTHER_BUILDING,
    ),
    case(
        "wrong building, arrived",
        booked(0, "arrived", building="annex"),
        IGNORE,
        Reason.OTHER_BUILDING,
        OTHER_BUILDING,
    ),
    case("too early for a presence", booked(241), IGNORE, Reason.EARLY),
    case("tomorrow", booked(24 * 60), IGNORE, Reason.NO_OPEN_APPOINTMENT),
    case("cancelled", booked(status="cancelled"), IGNORE, Reason.CANCELLED),
    case("entered in error", booked(status="entered-in-error"), IGNORE, Reason.CANCELLED),
    case("waitlist", booked(status="waitlist"), IGNORE, Reason.NO_OPEN_APPOINTMENT),
    case("proposed", booked(status="proposed"), IGNORE, Reason.NO_OPEN_APPOINTMENT),
    case("home visit", booked(place="home"), IGNORE, Reason.NOT_AT_SITE),
    case("remote visit", booked(place="remote"), IGNORE, Reason.NOT_AT_SITE),
    case("mobile visit", booked(place="mobile"), IGNORE, Reason.NOT_AT_SITE),
    case(
        "home visit called off", booked(0, "cancelled", "home"), IGNORE, Reason.NO_OPEN_APPOINTMENT
    ),
    case("home visit tonight", booked(600, place="home"), IGNORE, Reason.NO_OPEN_APPOINTMENT),
]


@pytest.mark.parametrize(("appointment", "outcome", "reason", "presences"), ONE + FACE_ONLY)
def test_one_appointment_and_a_sure_face(
    appointment: Appointment, outcome: Outcome, reason: Reason, presences: list[PresenceFlag]
) -> None:
    decision = decide(SURE, [appointment], POLICY, NOW)
    assert (decision.outcome, decision.reason, flags(decision)) == (outcome, reason, presences)
    key = appointment.appointment_id
    assert decision.appointments == ((key,) if outcome is not IGNORE else ())
    of_none = (UNBOOKED, OTHER_BUILDING)
    assert all(
        one.appointment_id == (None if one.flag in of_none else key) for one in decision.presences
    )


@pytest.mark.parametrize(("appointment", "outcome", "reason", "presences"), ONE)
def test_one_appointment_and_a_code(
    appointment: Appointment, outcome: Outcome, reason: Reason, presences: list[PresenceFlag]
) -> None:
    decision = decide(CODE, [appointment], POLICY, NOW)
    assert (decision.outcome, decision.reason) == (outcome, reason)
    assert flags(decision) == (presences or ([] if outcome is ARRIVE else [UNBOOKED]))


def test_closing_time_ends_every_presence() -> None:
    missed, closing = booked(-60), NOW + timedelta(hours=8)
    before = decide(SURE, [missed], POLICY, closing - timedelta(microseconds=1))
    assert (before.reason, flags(before)) == (Reason.LATE, [LATE])
    after = decide(SURE, [missed], POLICY, closing)
    assert (after.reason, flags(after)) == (Reason.NO_OPEN_APPOINTMENT, [])


def test_an_appointment_after_closing_has_its_window_all_the_same() -> None:
    evening = booked(9 * 60)
    at = evening.starts_at + timedelta(minutes=29)
    assert decide(SURE, [evening], POLICY, at).outcome is ARRIVE


def test_no_appointment_at_all() -> None:
    assert decide(SURE, [], POLICY, NOW) == Decision(IGNORE, Reason.NO_APPOINTMENT)
    shown = decide(CODE, [], POLICY, NOW)
    assert (shown.reason, shown.presences) == (
        Reason.NO_APPOINTMENT,
        (SeenFor(UNBOOKED, None),),
    )


def test_who_comes_once_for_two_open_visits_has_come_for_both() -> None:
    first, second = booked(10), booked(60)
    decision = decide(SURE, [first, second], POLICY, NOW)
    assert decision.appointments == (first.appointment_id, second.appointment_id)
    assert decision.presences == ()


def test_overlapping_visits_arrive_together() -> None:
    one, other = booked(10), booked(15)
    decision = decide(SURE, [one, other], POLICY, NOW)
    assert decision.appointments == (one.appointment_id, other.appointment_id)


def test_only_the_visit_whose_window_is_open_arrives() -> None:
    missed, due, later, tonight = booked(-90), booked(30), booked(180), booked(500)
    decision = decide(SURE, [missed, due, later, tonight], POLICY, NOW)
    assert (decision.outcome, decision.appointments) == (ARRIVE, (due.appointment_id,))
    # For the others it is a presence each, where the window for that is open.
    assert decision.presences == (
        SeenFor(LATE, missed.appointment_id),
        SeenFor(EARLY, later.appointment_id),
    )


def test_of_two_buildings_the_camera_speaks_for_its_own() -> None:
    annex, main = booked(20, building="annex"), booked(40, building="main")
    decision = decide(SURE, [annex, main], POLICY, NOW)
    assert (decision.outcome, decision.appointments) == (ARRIVE, (main.appointment_id,))
    assert decision.presences == ()


def test_a_terminal_that_stands_nowhere_speaks_for_all_buildings() -> None:
    annex, main = booked(20, building="annex"), booked(40, building="main")
    decision = decide(ShownEvidence(None), [annex, main], POLICY, NOW)
    assert decision.appointments == (annex.appointment_id, main.appointment_id)


def test_the_second_visit_arrives_although_the_first_already_has() -> None:
    first, second = booked(0, status="arrived"), booked(60)
    decision = decide(SURE, [first, second], POLICY, NOW)
    assert (decision.outcome, decision.appointments) == (ARRIVE, (second.appointment_id,))
    assert decision.presences == (SeenFor(AGAIN, first.appointment_id),)


def test_of_early_and_late_early_says_more() -> None:
    decision = decide(SURE, [booked(-90), booked(180)], POLICY, NOW)
    assert (decision.reason, flags(decision)) == (Reason.EARLY, [LATE, EARLY])


def test_a_noshow_beside_an_open_visit() -> None:
    """The open one arrives; that the other is said not to have come is kept beside it."""
    denied, due = booked(-40, "noshow"), booked(30)
    decision = decide(SURE, [denied, due], POLICY, NOW)
    assert (decision.outcome, decision.appointments) == (ARRIVE, (due.appointment_id,))
    assert decision.presences == (SeenFor(CONFLICT, denied.appointment_id),)


def test_a_noshow_comes_before_what_else_there_is() -> None:
    denied = booked(-60, "noshow")
    decision = decide(SURE, [denied, booked(-90, "fulfilled"), booked(180)], POLICY, NOW)
    assert (decision.outcome, decision.reason) == (REVIEW, Reason.NOSHOW_SET)
    assert decision.appointments == (denied.appointment_id,)
    assert flags(decision) == [CONFLICT, AGAIN, EARLY]


def test_a_cancelled_visit_does_not_hide_another() -> None:
    assert decide(SURE, [booked(status="cancelled"), booked(30)], POLICY, NOW).outcome is ARRIVE


def test_a_visit_at_home_does_not_hide_one_here() -> None:
    home, here = booked(0, place="home"), booked(30)
    assert decide(SURE, [home, here], POLICY, NOW).appointments == (here.appointment_id,)
