"""Every case of the decision, by name."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from streamer.checkin.decision import ArrivalPolicy, decide
from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.domain.decision import Outcome, Reason

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
POLICY = ArrivalPolicy(timedelta(minutes=120), timedelta(minutes=30), auto_arrive=True)
PATIENT = UUID(int=1)


def booked(
    minutes: float = 30,
    status: str = "booked",
    place: str = "site",
    building: str | None = None,
) -> Appointment:
    starts = NOW + timedelta(minutes=minutes)
    return Appointment(
        uuid4(),
        PATIENT,
        starts,
        starts + timedelta(minutes=20),
        AppointmentStatus(status),
        Place(place),
        building,
    )


@pytest.mark.parametrize(
    ("appointment", "outcome", "reason"),
    [
        (booked(), Outcome.ARRIVE, Reason.WINDOW_OPEN),
        (booked(status="pending"), Outcome.ARRIVE, Reason.WINDOW_OPEN),
        (booked(120), Outcome.ARRIVE, Reason.WINDOW_OPEN),
        (booked(121), Outcome.IGNORE, Reason.NO_OPEN_APPOINTMENT),
        (booked(-29), Outcome.ARRIVE, Reason.WINDOW_OPEN),
        (booked(-30), Outcome.IGNORE, Reason.NO_OPEN_APPOINTMENT),
        (booked(status="arrived"), Outcome.IGNORE, Reason.ALREADY_ARRIVED),
        (booked(status="checked-in"), Outcome.IGNORE, Reason.ALREADY_ARRIVED),
        (booked(status="fulfilled"), Outcome.IGNORE, Reason.ALREADY_ARRIVED),
        (booked(status="cancelled"), Outcome.IGNORE, Reason.NO_OPEN_APPOINTMENT),
        (booked(status="noshow"), Outcome.IGNORE, Reason.NO_OPEN_APPOINTMENT),
        (booked(status="waitlist"), Outcome.IGNORE, Reason.NO_OPEN_APPOINTMENT),
        (booked(place="home"), Outcome.IGNORE, Reason.NO_OPEN_APPOINTMENT),
        (booked(place="remote"), Outcome.IGNORE, Reason.NO_OPEN_APPOINTMENT),
        (booked(building="main"), Outcome.ARRIVE, Reason.WINDOW_OPEN),
        (booked(building="annex"), Outcome.IGNORE, Reason.OTHER_BUILDING),
    ],
)
def test_one_appointment(appointment: Appointment, outcome: Outcome, reason: Reason) -> None:
    decision = decide([appointment], "main", POLICY, NOW)
    assert (decision.outcome, decision.reason) == (outcome, reason)
    expected = (appointment.appointment_id,) if outcome is Outcome.ARRIVE else ()
    assert decision.appointments == expected


def test_who_comes_once_for_two_open_visits_has_come_for_both() -> None:
    first, second, later = booked(10), booked(60), booked(300)
    decision = decide([first, second, later], "main", POLICY, NOW)
    assert decision.appointments == (first.appointment_id, second.appointment_id)


def test_the_second_visit_arrives_although_the_first_already_has() -> None:
    decision = decide([booked(0, status="arrived"), booked(60)], "main", POLICY, NOW)
    assert decision.outcome is Outcome.ARRIVE


def test_without_auto_arrive_a_match_waits_for_a_person() -> None:
    policy = ArrivalPolicy(timedelta(minutes=120), timedelta(minutes=30), auto_arrive=False)
    decision = decide([booked()], "main", policy, NOW)
    assert (decision.outcome, decision.reason) == (Outcome.REVIEW, Reason.AUTO_ARRIVE_OFF)


def test_no_appointment_at_all() -> None:
    assert decide([], "main", POLICY, NOW).reason is Reason.NO_OPEN_APPOINTMENT
