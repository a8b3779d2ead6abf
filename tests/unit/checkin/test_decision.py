"""Every case of the decision, by name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from streamer.checkin.decision import ArrivalPolicy, AutoArrive, FaceEvidence, decide
from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.domain.decision import Outcome, Reason
from streamer.domain.identity import Band

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
POLICY = ArrivalPolicy(timedelta(minutes=120), timedelta(minutes=30), AutoArrive.ALWAYS)
SURE = FaceEvidence(5.0, Band.ACCEPT, contested=False, building="main", calibrated=False)
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
    decision = decide(SURE, [appointment], POLICY, NOW)
    assert (decision.outcome, decision.reason) == (outcome, reason)
    expected = (appointment.appointment_id,) if outcome is Outcome.ARRIVE else ()
    assert decision.appointments == expected


def test_who_comes_once_for_two_open_visits_has_come_for_both() -> None:
    first, second, later = booked(10), booked(60), booked(300)
    decision = decide(SURE, [first, second, later], POLICY, NOW)
    assert decision.appointments == (first.appointment_id, second.appointment_id)


def test_the_second_visit_arrives_although_the_first_already_has() -> None:
    decision = decide(SURE, [booked(0, status="arrived"), booked(60)], POLICY, NOW)
    assert decision.outcome is Outcome.ARRIVE


ARRIVE, REVIEW, IGNORE = Outcome.ARRIVE, Outcome.REVIEW, Outcome.IGNORE
UNSURE = {"band": Band.REVIEW, "score": 3.5}
CALIBRATED = {"calibrated": True}
CONTESTED = {"band": Band.REVIEW, "contested": True}


@pytest.mark.parametrize(
    ("auto_arrive", "evidence", "outcome", "reason"),
    [
        ("always", {}, ARRIVE, Reason.WINDOW_OPEN),
        ("always", UNSURE, REVIEW, Reason.NOT_SURE),
        ("always", CONTESTED, REVIEW, Reason.SEVERAL_CANDIDATES),
        ("always", {"rejected_score": 3.5}, REVIEW, Reason.REJECTED_TODAY),
        ("always", {"rejected_score": 9.0}, REVIEW, Reason.REJECTED_TODAY),
        ("always", {**UNSURE, "rejected_score": 3.4}, REVIEW, Reason.REJECTED_TODAY),
        ("always", {**UNSURE, "rejected_score": 3.5}, IGNORE, Reason.REJECTED_TODAY),
        ("calibrated", {}, REVIEW, Reason.NOT_CALIBRATED),
        ("calibrated", CALIBRATED, ARRIVE, Reason.WINDOW_OPEN),
        ("calibrated", {**CALIBRATED, **UNSURE}, REVIEW, Reason.NOT_SURE),
        ("calibrated", {**CALIBRATED, **CONTESTED}, REVIEW, Reason.SEVERAL_CANDIDATES),
        ("calibrated", {**CALIBRATED, "rejected_score": 3.5}, REVIEW, Reason.REJECTED_TODAY),
        ("never", CALIBRATED, REVIEW, Reason.AUTO_ARRIVE_OFF),
    ],
)
def test_evidence(
    auto_arrive: str, evidence: dict[str, Any], outcome: Outcome, reason: Reason
) -> None:
    policy, visit = replace(POLICY, auto_arrive=AutoArrive(auto_arrive)), booked()
    decision = decide(replace(SURE, **evidence), [visit], policy, NOW)
    assert (decision.outcome, decision.reason) == (outcome, reason)
    assert decision.appointments == (() if outcome is IGNORE else (visit.appointment_id,))


def test_no_appointment_at_all() -> None:
    assert decide(SURE, [], POLICY, NOW).reason is Reason.NO_OPEN_APPOINTMENT


@pytest.mark.parametrize(
    ("liveness", "floor", "outcome", "reason"),
    [
        (0.49, 0.5, Outcome.REVIEW, Reason.LIVENESS_DOUBT),
        (0.0, 0.5, Outcome.REVIEW, Reason.LIVENESS_DOUBT),
        (0.5, 0.5, Outcome.ARRIVE, Reason.WINDOW_OPEN),
        # Nobody asked, or nobody wants to know.
        (None, 0.5, Outcome.ARRIVE, Reason.WINDOW_OPEN),
        (0.0, None, Outcome.ARRIVE, Reason.WINDOW_OPEN),
    ],
)
def test_what_may_be_a_picture_waits_for_a_glance(
    liveness: float | None, floor: float | None, outcome: Outcome, reason: Reason
) -> None:
    evidence, policy = replace(SURE, liveness=liveness), replace(POLICY, min_liveness=floor)
    decision = decide(evidence, [booked()], policy, NOW)
    assert (decision.outcome, decision.reason) == (outcome, reason)
    assert len(decision.appointments) == 1, "never refused by that alone"
