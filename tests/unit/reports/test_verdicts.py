"""Every way to each of the four verdicts."""

from dataclasses import replace
from typing import Any

import pytest

from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.appointment_facts import AppointmentFacts
from streamer.domain.camera_state import CameraStatus
from streamer.domain.check_in import EvidenceGrade
from streamer.domain.coverage import UnknownCause
from streamer.domain.verdict import NotApplicable, VerdictGrade, VerdictKind
from streamer.domain.visit_evidence import EvidenceSource, VisitEvidence
from streamer.reports.premises import Premises, opening_hours
from streamer.reports.verdicts import Visit, plain_verdict, verdict_of
from tests.unit.reports.facts import (
    DAY,
    PREMISES,
    a_day,
    appointment,
    at,
    claim,
    evidence,
    interval,
    judged,
    number,
    one_claim,
    patient,
    uptime,
)

VERIFIED, UNVERIFIED = VerdictKind.VERIFIED, VerdictKind.UNVERIFIED
UNKNOWN, NOT_APPLICABLE = VerdictKind.UNKNOWN, VerdictKind.NOT_APPLICABLE
OUTAGE = uptime([interval(0, 9), interval(9, 10, CameraStatus.DOWN), interval(10, 24)])


@pytest.mark.parametrize("grade", EvidenceGrade)
def test_own_evidence_verifies_at_its_grade(grade: EvidenceGrade) -> None:
    day = judged(a_day([appointment()], [claim()], [evidence(grade=grade)]))
    for verdict in (day.appointments[0].verdict, day.claims[0].verdict):
        assert (verdict.kind, verdict.grade) == (VERIFIED, VerdictGrade.of(grade))
        assert verdict.coverage is not None
        assert verdict.coverage.full


@pytest.mark.parametrize("former", [(), ("D-9",), ("D-8", "D-9")])
def test_evidence_by_whoever_billed_it_before_is_none(former: tuple[str, ...]) -> None:
    booked = appointment(former_refs=former)
    piece = evidence(grade=EvidenceGrade.MANUAL, produced_by=("D-9",))
    day = judged(a_day([booked], [claim()], [piece]))
    for verdict in (day.appointments[0].verdict, day.claims[0].verdict):
        assert (verdict.kind is VERIFIED) is not bool(former)
        assert verdict.own_evidence is bool(former)


@pytest.mark.parametrize("producers", [(), ("D-1",), ("D-9",)])
@pytest.mark.parametrize("former", [(), ("D-9",)])
@pytest.mark.parametrize("status", [AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_plain_verdict_is_what_all_of_it_comes_to(
    producers: tuple[str, ...], former: tuple[str, ...], status: AppointmentStatus, count: int
) -> None:
    pieces = [evidence(9.9 + n / 10, produced_by=producers) for n in range(count)]
    covered = uptime()
    window = covered.coverage("main", at(8), at(10.5))
    who = patient()
    visit = Visit(who, "D-1", at(10), Place.SITE, "main", window, status, False, former)
    plain = plain_verdict(pieces, "D-1", former, window)
    assert (plain is not None) is (count == 1 and not former and "D-1" not in producers)
    assert plain in (None, verdict_of(visit, pieces, pieces, covered))


def test_the_best_evidence_speaks() -> None:
    pieces = [
        evidence(9.9, grade=EvidenceGrade.MANUAL),
        evidence(9.95, grade=EvidenceGrade.CODE, source=EvidenceSource.PRESENCE),
        evidence(10.1, grade=EvidenceGrade.FACE, source=EvidenceSource.PRESENCE),
    ]
    verdict = judged(a_day([appointment()], pieces=pieces)).appointments[0].verdict
    assert verdict.evidence == pieces[2]


@pytest.mark.parametrize("source", EvidenceSource)
def test_evidence_within_an_outage_is_evidence(source: EvidenceSource) -> None:
    facts = a_day([appointment()], [claim()], [evidence(9.5, source=source)])
    assert judged(facts, covered=OUTAGE).claims[0].verdict.kind is VERIFIED


@pytest.mark.parametrize(
    ("status", "kind", "why"),
    [
        (AppointmentStatus.FULFILLED, UNVERIFIED, None),
        (AppointmentStatus.ARRIVED, UNVERIFIED, None),
        (AppointmentStatus.CHECKED_IN, UNVERIFIED, None),
        (AppointmentStatus.BOOKED, UNVERIFIED, None),
        (AppointmentStatus.PENDING, UNVERIFIED, None),
        (AppointmentStatus.CANCELLED, NOT_APPLICABLE, NotApplicable.CANCELLED),
        (AppointmentStatus.ENTERED_IN_ERROR, NOT_APPLICABLE, NotApplicable.CANCELLED),
        (AppointmentStatus.PROPOSED, NOT_APPLICABLE, NotApplicable.CANCELLED),
        (AppointmentStatus.WAITLIST, NOT_APPLICABLE, NotApplicable.CANCELLED),
        (AppointmentStatus.NOSHOW, NOT_APPLICABLE, NotApplicable.NOSHOW),
    ],
)
def test_without_evidence_the_clinics_word_counts(
    status: AppointmentStatus, kind: VerdictKind, why: NotApplicable | None
) -> None:
    one = judged(a_day([appointment(status=status)])).appointments[0]
    assert (one.verdict.kind, one.verdict.not_applicable) == (kind, why)
    # But evidence speaks against it.
    other = judged(a_day([appointment(status=status)], pieces=[evidence()])).appointments[0]
    assert other.verdict.kind is VERIFIED


def test_whoever_bills_a_no_show_says_that_there_was_a_visit() -> None:
    facts = a_day([appointment(status=AppointmentStatus.NOSHOW)], [claim()])
    assert judged(facts).claims[0].verdict.kind is UNVERIFIED


def test_nobody_was_looked_for_where_the_visit_was_called_off() -> None:
    facts = a_day([appointment(status=AppointmentStatus.CANCELLED)], [claim()])
    verdict = judged(facts).claims[0].verdict
    assert (verdict.kind, verdict.cause) == (UNKNOWN, UnknownCause.NO_APPOINTMENT)


@pytest.mark.parametrize("place", [one for one in Place if one is not Place.SITE])
def test_away_from_the_site_cameras_say_nothing(place: Place) -> None:
    facts = a_day([appointment(place=place)], [claim()], [evidence()])
    day = judged(facts)
    for verdict in (day.appointments[0].verdict, day.claims[0].verdict):
        assert verdict.kind is NOT_APPLICABLE
        assert verdict.not_applicable == NotApplicable(place.value)
    # Whoever bills says where it was.
    at_site = a_day([appointment(place=place)], [claim(place=Place.SITE)])
    assert judged(at_site).claims[0].verdict.kind is UNVERIFIED


def test_an_outage_is_unknown_and_says_why() -> None:
    verdict = judged(a_day([appointment()], [claim()]), covered=OUTAGE).claims[0].verdict
    assert (verdict.kind, verdict.cause) == (UNKNOWN, UnknownCause.CAMERA_DOWN)
    assert verdict.coverage is not None
    assert verdict.coverage.share == pytest.approx(0.6)


def test_an_outage_touches_only_what_lies_in_it() -> None:
    """The same day before and after an outage is inserted."""
    hours = [7 + step / 4 for step in range(44)]
    booked = [appointment(hour, f"A-{hour}", f"P-{hour}") for hour in hours]
    before = judged(a_day(booked))
    assert {one.verdict.kind for one in before.appointments} == {UNVERIFIED}
    after = judged(a_day(booked), covered=OUTAGE)
    for hour, one in zip(hours, after.appointments, strict=True):
        # Two hours before the start to half an hour after it; 7.5 minutes are 5 %.
        overlap = min(hour + 0.5, 10) - max(hour - 2, 9)
        wanted = UNKNOWN if overlap > 0.125 else UNVERIFIED
        assert one.verdict.kind is wanted, hour


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"enrolled": True}, None),
        ({"enrolled": False}, UnknownCause.NO_CODE_DESK),
        ({"declined": True, "enrolled": False}, UnknownCause.NO_CODE_DESK),
        ({"code_only": True}, UnknownCause.NO_CODE_DESK),
    ],
)
def test_whoever_is_not_recognised_needs_a_desk(
    changed: dict[str, Any], cause: UnknownCause | None
) -> None:
    facts = a_day([appointment()], patients=[patient(**changed)])
    closed = replace(PREMISES, code_desks=frozenset())
    assert judged(facts, premises=closed).appointments[0].verdict.cause is cause
    assert judged(facts).appointments[0].verdict.kind is UNVERIFIED


def test_a_review_that_nobody_decided() -> None:
    facts = a_day([appointment()], [claim()], unlooked=[number("A-1")])
    day = judged(facts)
    assert day.claims[0].verdict.cause is UnknownCause.NOBODY_LOOKED
    assert day.appointments[0].verdict.cause is UnknownCause.NOBODY_LOOKED


def test_a_visit_that_was_booked_when_it_was_over() -> None:
    verdict = judged(a_day([appointment(recorded_at=at(12))])).appointments[0].verdict
    assert (verdict.kind, verdict.cause) == (UNKNOWN, UnknownCause.NOT_KNOWN_THEN)
    # Before that was noted nobody can say.
    assert judged(a_day([appointment(recorded_at=None)])).appointments[0].verdict.kind is UNVERIFIED


@pytest.mark.parametrize(
    ("seen", "served", "kind"),
    [
        (10, 10, VERIFIED),
        (10, 9.75, VERIFIED),
        (10, 9.74, UNVERIFIED),
        (10, 14, VERIFIED),
        (10, 14.01, UNVERIFIED),
    ],
)
def test_a_presence_verifies_what_is_near_it_that_day(
    seen: float, served: float, kind: VerdictKind
) -> None:
    facts = a_day(
        [appointment(10)],
        [claim(served, "C-2", of=None, practitioner_ref="D-2")],
        [evidence(seen)],
    )
    verdict = judged(facts).claims[0].verdict
    assert verdict.kind is kind
    assert verdict.grade is (VerdictGrade.SAME_DAY if kind is VERIFIED else None)


def test_same_day_is_not_another_day_nor_another_building() -> None:
    late = [claim(0.5, "C-2", of=None)]
    assert judged(a_day(claims=late, pieces=[evidence(-0.5, of=None)])).claims[0].verdict.kind is (
        UNKNOWN
    )
    two = replace(PREMISES, buildings=("main", "annex"))
    elsewhere = a_day([appointment()], pieces=[evidence(of=None, building="annex")])
    assert judged(elsewhere, premises=two).appointments[0].verdict.kind is UNVERIFIED
    somewhere = a_day([appointment()], pieces=[evidence(of=None, building=None)])
    assert judged(somewhere, premises=two).appointments[0].verdict.kind is VERIFIED


def test_same_day_says_nothing_against_the_clinics_no_show() -> None:
    other = evidence(9.9, of=None)
    for status in (AppointmentStatus.NOSHOW, AppointmentStatus.CANCELLED):
        facts = a_day([appointment(status=status)], pieces=[other])
        assert judged(facts).appointments[0].verdict.kind is NOT_APPLICABLE


def own_making(**changed: Any) -> VisitEvidence:
    return evidence(grade=EvidenceGrade.MANUAL, produced_by=("D-1",), **changed)


def test_who_bills_a_visit_can_not_produce_its_evidence() -> None:
    verdict = judged(a_day([appointment()], [claim()], [own_making()])).claims[0].verdict
    assert (verdict.kind, verdict.own_evidence) == (UNVERIFIED, True)
    # For a colleague's service it counts.
    others = a_day([appointment()], [claim(practitioner_ref="D-2")], [own_making()])
    verdict = judged(others).claims[0].verdict
    assert (verdict.kind, verdict.own_evidence) == (VERIFIED, False)
    # And other evidence counts beside it.
    both = a_day([appointment()], [claim()], [own_making(), evidence()])
    verdict = judged(both).claims[0].verdict
    assert (verdict.kind, verdict.grade) == (VERIFIED, VerdictGrade.FACE)
    # Nor by way of another service of the day.
    by_another = a_day([appointment()], [claim()], [own_making(of=None)])
    assert judged(by_another).claims[0].verdict.kind is UNVERIFIED


def test_a_service_without_any_appointment() -> None:
    """Nobody was looked for on account of it."""
    verdict = judged(a_day(claims=[claim(of=None)])).claims[0].verdict
    assert (verdict.kind, verdict.cause) == (UNKNOWN, UnknownCause.NO_APPOINTMENT)


def test_a_service_beside_an_appointment_of_the_day() -> None:
    beside = claim(11, "C-2", of=None)
    assert judged(a_day([appointment()], [beside])).claims[0].verdict.kind is UNVERIFIED
    # Typed in, it may have been at any time the patient could be seen: until the site closes.
    typed = claim(23, "C-2", of=None, measured=False)
    assert judged(a_day([appointment()], [typed])).claims[0].verdict.kind is UNVERIFIED
    evening = uptime([interval(0, 17), interval(17, 18, CameraStatus.DOWN), interval(18, 24)])
    facts = a_day([appointment()], [typed])
    assert judged(facts, covered=evening).claims[0].verdict.kind is UNKNOWN
    assert judged(a_day([appointment()], [beside]), covered=evening).claims[0].verdict.kind is (
        UNVERIFIED
    )


CALLED_OFF = {"status": AppointmentStatus.CANCELLED}
TYPED_AT = (0, 9.9, 17, 23.9)


@pytest.mark.parametrize("hour", TYPED_AT)
@pytest.mark.parametrize(
    ("of", "booked"),
    [
        (None, []),
        ("A-9", []),
        (None, [appointment(9, "A-2", practitioner_ref="D-2")]),
        ("A-9", [appointment(9, "A-2", practitioner_ref="D-2")]),
        # Another patient's, and one that was called off.
        ("A-9", [appointment(9, "A-9", who="P-2")]),
        ("A-9", [appointment(16, "A-9", **CALLED_OFF)]),
    ],
)
def test_of_a_typed_time_without_an_appointment_nothing_is_concluded(
    hour: float, of: str | None, booked: list[AppointmentFacts]
) -> None:
    """Whoever was there that day was there, whatever time of it somebody typed."""
    typed = claim(hour, of=of, measured=False)
    for seen in (0.1, 9, 19):
        verdict = one_claim(judged(a_day(booked, [typed], [evidence(seen, of=None)]))).verdict
        assert (verdict.kind, verdict.grade) == (VERIFIED, VerdictGrade.SAME_DAY)
    # Evidence of their own making is none, nor is that of another day.
    for piece in (own_making(of=None), evidence(-1, of=None), evidence(24.1, of=None)):
        assert one_claim(judged(a_day(booked, [typed], [piece]))).verdict.kind is not VERIFIED


@pytest.mark.parametrize("hour", TYPED_AT)
@pytest.mark.parametrize(
    ("booked", "premises", "kind"),
    [
        # Looked for from four hours before the first appointment on: the site opens at eight.
        ([appointment(11.9, "A-2")], PREMISES, UNVERIFIED),
        ([appointment(10, "A-2"), appointment(16, "A-3")], PREMISES, UNVERIFIED),
        ([appointment(16, "A-2")], PREMISES, UNKNOWN),
        # The appointment reached Kirdi at noon.
        ([appointment(10, "A-2", recorded_at=at(12))], PREMISES, UNKNOWN),
        ([appointment(10, "A-2", **CALLED_OFF)], PREMISES, UNKNOWN),
        ([], PREMISES, UNKNOWN),
        # Nobody can say how long that day was.
        ([appointment(10, "A-2")], replace(PREMISES, hours={}), UNKNOWN),
        ([appointment(10, "A-2")], replace(PREMISES, holidays=frozenset({DAY})), UNKNOWN),
        (
            [appointment(10, "A-2")],
            replace(PREMISES, hours=opening_hours({"mon-sun": "20:00-08:00"})),
            UNKNOWN,
        ),
    ],
)
def test_a_typed_time_is_unverified_only_where_the_whole_day_was_looked_at(
    hour: float, booked: list[AppointmentFacts], premises: Premises, kind: VerdictKind
) -> None:
    for of in (None, "A-9"):
        facts = a_day(booked, [claim(hour, of=of, measured=False)])
        verdict = one_claim(judged(facts, premises=premises)).verdict
        cause = UnknownCause.NO_APPOINTMENT if kind is UNKNOWN else None
        assert (verdict.kind, verdict.cause) == (kind, cause)


def test_an_appointment_of_another_day_or_patient_is_no_own_one() -> None:
    other_day = appointment(10 - 24)
    facts = a_day(claims=[claim()], pieces=[evidence(-14)], elsewhere=[other_day])
    one = one_claim(judged(facts))
    assert (one.verdict.kind, one.appointment) == (UNKNOWN, other_day)
    somebody = a_day([appointment(who="P-2")], [claim()], [evidence(who="P-2")])
    assert one_claim(judged(somebody)).verdict.kind is UNKNOWN


def test_evidence_of_the_patient_who_had_the_appointment_before() -> None:
    facts = a_day([appointment(who="P-2")], pieces=[evidence(who="P-1")])
    assert judged(facts).appointments[0].verdict.kind is UNVERIFIED
