"""What a person has to look at, and what is not sure."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from streamer.checkin.decision import (
    AutoArrive,
    Evidence,
    FaceEvidence,
    decide,
    next_change,
)
from streamer.domain.appointment import Appointment
from streamer.domain.decision import Decision, Outcome, Reason, SeenFor
from streamer.domain.identity import Band
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
    POLICY,
    REVIEW,
    SURE,
    UNBOOKED,
    booked,
    flags,
)

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


OWN, OTHER, UNDONE = booked(10), booked(20), booked(25)
ENROLLED = Reason.ENROLLED_BY_BILLER


@pytest.mark.parametrize(
    ("visits", "changes", "expected"),
    [
        pytest.param([OWN], {}, (REVIEW, ENROLLED, [OWN], []), id="alone"),
        pytest.param(
            [OWN, OTHER], {}, (ARRIVE, Reason.WINDOW_OPEN, [OTHER], [OWN]), id="beside another's"
        ),
        pytest.param([OWN, UNDONE], {}, (REVIEW, ENROLLED, [OWN], []), id="beside what was undone"),
        pytest.param(
            [OWN],
            {"rejected_score": 4.0},
            (REVIEW, Reason.REJECTED_TODAY, [OWN], []),
            id="rejected before",
        ),
        pytest.param(
            [OWN],
            {"band": Band.REVIEW, "score": 3.5},
            (REVIEW, Reason.NOT_SURE, [OWN], []),
            id="uncertain",
        ),
        pytest.param(
            [OWN], {"attended": True}, (ARRIVE, Reason.WINDOW_OPEN, [OWN], []), id="at the desk"
        ),
        pytest.param([OTHER], {}, (ARRIVE, Reason.WINDOW_OPEN, [OTHER], []), id="another's alone"),
    ],
)
def test_a_face_made_by_who_bills_the_visit_waits_for_another_person(
    visits: list[Appointment], changes: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    evidence = replace(
        SURE,
        by_biller=frozenset({OWN.appointment_id}),
        undone=frozenset({UNDONE.appointment_id}),
        **changes,
    )
    decision = decide(evidence, visits, POLICY, NOW)
    arriving, held = ([one.appointment_id for one in some] for some in expected[2:])
    assert (decision.outcome, decision.reason) == expected[:2]
    assert (list(decision.appointments), list(decision.held)) == (arriving, held)


@pytest.mark.parametrize("auto_arrive", [AutoArrive.NEVER, AutoArrive.CALIBRATED])
def test_where_every_match_is_looked_at_the_reason_says_who_made_the_face(
    auto_arrive: AutoArrive,
) -> None:
    evidence = replace(SURE, by_biller=frozenset({OWN.appointment_id}))
    policy = replace(POLICY, auto_arrive=auto_arrive)
    assert decide(evidence, [OWN], policy, NOW).reason is ENROLLED
    assert decide(evidence, [OWN, OTHER], policy, NOW).reason is not ENROLLED


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
        ("always", {"rejected_score": 9.0}, IGNORE, Reason.REJECTED_TODAY),
        ("always", {"rejected_score": 9.0, "attended": True}, REVIEW, Reason.REJECTED_TODAY),
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
