"""Every case of the decision, by name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from streamer.checkin.decision import (
    ArrivalPolicy,
    AutoArrive,
    Evidence,
    FaceEvidence,
    ShownEvidence,
    decide,
    next_change,
)
from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.domain.decision import Decision, Outcome, Reason, SeenFor
from streamer.domain.identity import Band
from streamer.domain.presence import PresenceFlag
from streamer.domain.presence_window import PresenceWindow, closing_times

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
# The site closes at 18:00; NOW is 10:00 there.
WINDOW = PresenceWindow(
    before=timedelta(minutes=240),
    after=timedelta(minutes=240),
    at_least_after=timedelta(minutes=30),
    zone=ZoneInfo("Asia/Almaty"),
    closes=closing_times({"mon-fri": "08:00-18:00"}),
)
POLICY = ArrivalPolicy(
    timedelta(minutes=120), timedelta(minutes=30), AutoArrive.ALWAYS, presence=WINDOW
)
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


ARRIVE, REVIEW, IGNORE = Outcome.ARRIVE, Outcome.REVIEW, Outcome.IGNORE
EARLY, LATE, AGAIN = PresenceFlag.EARLY, PresenceFlag.LATE, PresenceFlag.AGAIN
UNBOOKED, CONFLICT = PresenceFlag.UNBOOKED, PresenceFlag.CONFLICT
CODE = ShownEvidence("main")


def flags(decision: Decision) -> list[PresenceFlag]:
    return [one.flag for one in decision.presences]


def case(
    name: str,
    appointment: Appointment,
    outcome: Outcome,
    reason: Reason,
    *presences: PresenceFlag,
) -> Any:
    return pytest.param(appointment, outcome, reason, list(presences), id=name)


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
    case("wrong building", booked(building="annex"), IGNORE, Reason.OTHER_BUILDING, UNBOOKED),
    case(
        "wrong building, early",
        booked(180, building="annex"),
        IGNORE,
        Reason.OTHER_BUILDING,
        UNBOOKED,
    ),
    case(
        "wrong building, arrived",
        booked(0, "arrived", building="annex"),
        IGNORE,
        Reason.OTHER_BUILDING,
        UNBOOKED,
    ),
    case("too early for a presence", booked(241), IGNORE, Reason.NO_OPEN_APPOINTMENT),
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
    assert all(
        one.appointment_id == (None if one.flag is UNBOOKED else key) for one in decision.presences
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


UNSURE_ONES: list[Evidence] = [
    replace(SURE, band=Band.REVIEW, score=3.5),
    replace(SURE, contested=True),
    replace(SURE, rejected_score=4.0),
    replace(SURE, blocked=True),
]


@pytest.mark.parametrize("evidence", UNSURE_ONES)
@pytest.mark.parametrize("appointment", [booked(180), booked(-60), booked(0, "arrived")])
def test_what_is_not_sure_leaves_no_presence(
    evidence: FaceEvidence, appointment: Appointment
) -> None:
    decision = decide(evidence, [appointment], POLICY, NOW)
    assert (decision.outcome, decision.presences) == (IGNORE, ())


HELD_BACK = [
    (AutoArrive.NEVER, Reason.AUTO_ARRIVE_OFF),
    (AutoArrive.CALIBRATED, Reason.NOT_CALIBRATED),
]
EVERY_FLAG = [
    pytest.param([booked(180)], [EARLY], id="early"),
    pytest.param([booked(-60)], [LATE], id="late"),
    pytest.param([booked(0, "arrived")], [AGAIN], id="again"),
    pytest.param([booked(-90), booked(180)], [LATE, EARLY], id="late for one, early for another"),
]


@pytest.mark.parametrize(("auto_arrive", "reason"), HELD_BACK)
@pytest.mark.parametrize(("visits", "expected"), EVERY_FLAG)
def test_where_a_person_has_to_look_a_presence_waits_for_them(
    auto_arrive: AutoArrive,
    reason: Reason,
    visits: list[Appointment],
    expected: list[PresenceFlag],
) -> None:
    """What a confirmation leaves is what the match leaves by itself elsewhere."""
    decision = decide(SURE, visits, replace(POLICY, auto_arrive=auto_arrive), NOW)
    assert (decision.outcome, decision.reason) == (REVIEW, reason)
    assert (decision.appointments, decision.presences) == ((), ())
    assert decision.once_confirmed == decide(SURE, visits, POLICY, NOW).presences
    assert [one.flag for one in decision.once_confirmed] == expected


@pytest.mark.parametrize(("auto_arrive", "reason"), HELD_BACK)
def test_where_a_person_has_to_look_one_glance_is_for_all_visits(
    auto_arrive: AutoArrive, reason: Reason
) -> None:
    policy = replace(POLICY, auto_arrive=auto_arrive)
    due, later = booked(30), booked(180)
    decision = decide(SURE, [due, later], policy, NOW)
    assert (decision.reason, decision.appointments) == (reason, (due.appointment_id,))
    assert (decision.presences, decision.once_confirmed) == (
        (),
        (SeenFor(EARLY, later.appointment_id),),
    )
    denied = booked(0, "noshow")
    conflict = decide(SURE, [denied, later], policy, NOW)
    assert (conflict.outcome, conflict.reason) == (REVIEW, Reason.NOSHOW_SET)
    assert (conflict.presences, conflict.conflicts) == ((), ())
    assert [one.flag for one in conflict.once_confirmed] == [CONFLICT, EARLY]


@pytest.mark.parametrize(("auto_arrive", "reason"), HELD_BACK)
@pytest.mark.parametrize(
    "visits",
    [[], [booked(241)], [booked(180, building="annex")], [booked(180, "cancelled")]],
)
def test_nobody_is_asked_where_nothing_would_be_kept(
    auto_arrive: AutoArrive, reason: Reason, visits: list[Appointment]
) -> None:
    decision = decide(SURE, visits, replace(POLICY, auto_arrive=auto_arrive), NOW)
    assert (decision.outcome, decision.presences, decision.once_confirmed) == (IGNORE, (), ())
    assert decision.reason is not reason


@pytest.mark.parametrize("evidence", UNSURE_ONES)
@pytest.mark.parametrize("auto_arrive", list(AutoArrive))
def test_nobody_is_asked_for_a_presence_by_what_is_not_sure(
    evidence: FaceEvidence, auto_arrive: AutoArrive
) -> None:
    decision = decide(evidence, [booked(180)], replace(POLICY, auto_arrive=auto_arrive), NOW)
    assert (decision.outcome, decision.once_confirmed) == (IGNORE, ())


@pytest.mark.parametrize(
    ("visits", "minutes"),
    [
        pytest.param([booked(300)], 60, id="its presence window opens"),
        pytest.param([booked(180)], 60, id="its arrival window opens"),
        pytest.param([booked(120)], 150, id="it is open, and closes"),
        pytest.param([booked(30)], 60, id="it closes"),
        pytest.param([booked(-30)], None, id="it has closed"),
        pytest.param([booked(180), booked(150)], 30, id="the first of two"),
        pytest.param([booked(180, "cancelled"), booked(180, "noshow")], None, id="not expected"),
        pytest.param([booked(0, "arrived")], None, id="arrived"),
        pytest.param([booked(180, building="annex")], None, id="another building"),
        pytest.param([booked(180, place="home")], None, id="at home"),
        pytest.param([], None, id="nothing"),
    ],
)
def test_when_the_clock_alone_changes_the_decision(
    visits: list[Appointment], minutes: float | None
) -> None:
    at = next_change(SURE, visits, POLICY, NOW)
    assert at == (None if minutes is None else NOW + timedelta(minutes=minutes))
    if at is not None:
        before = decide(SURE, visits, POLICY, at - timedelta(microseconds=1))
        assert decide(SURE, visits, POLICY, at) != before
        assert decide(SURE, visits, POLICY, NOW) == before


def test_no_glance_is_asked_for_a_noshow_and_a_face_rejected_before() -> None:
    repeated = replace(SURE, band=Band.REVIEW, score=3.5, rejected_score=4.0)
    decision = decide(repeated, [booked(0, "noshow")], POLICY, NOW)
    assert (decision.outcome, decision.reason) == (IGNORE, Reason.NOSHOW_SET)


def test_a_blocked_face_is_nobody() -> None:
    for appointments in ([booked()], [booked(0, "noshow")], []):
        decision = decide(replace(SURE, blocked=True), appointments, POLICY, NOW)
        assert decision == Decision(IGNORE, Reason.BLOCKED_TODAY)


def test_what_a_person_has_undone_waits_for_a_person() -> None:
    undone, other = booked(10), booked(20)
    evidence = replace(SURE, undone=frozenset({undone.appointment_id}))
    alone = decide(evidence, [undone], POLICY, NOW)
    assert (alone.outcome, alone.reason) == (REVIEW, Reason.UNDONE_TODAY)
    assert alone.appointments == (undone.appointment_id,)
    assert decide(evidence, [undone, other], POLICY, NOW).appointments == (other.appointment_id,)
    attended = decide(replace(evidence, attended=True), [undone], POLICY, NOW)
    assert attended.outcome is ARRIVE
    assert decide(CODE, [undone], POLICY, NOW).outcome is ARRIVE


def test_at_the_desk_nobody_asks_for_calibration() -> None:
    policy = replace(POLICY, auto_arrive=AutoArrive.NEVER)
    assert decide(replace(SURE, attended=True), [booked()], policy, NOW).outcome is ARRIVE
    nobody_booked = decide(replace(SURE, attended=True), [], policy, NOW)
    assert nobody_booked.reason is Reason.NO_APPOINTMENT
    assert flags(nobody_booked) == [UNBOOKED], "reception was there to see it"
    unsure = replace(SURE, attended=True, band=Band.REVIEW)
    assert decide(unsure, [booked()], policy, NOW).outcome is REVIEW


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
