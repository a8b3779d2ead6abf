"""What a report says of a day or two, worked out by hand."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from config.settings import Reports
from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.camera_state import CameraStatus
from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.coverage import UnknownCause
from streamer.domain.report.error_accounting import ErrorAccounting, ErrorSource
from streamer.domain.report.figures import ArrivalCount, AtRisk, Spread
from streamer.domain.report.period import Period
from streamer.domain.report.report import Report, TrendPoint
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.report.scope import Scope, ScopeKind
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import NotEvaluated
from streamer.domain.verdict import NotApplicable, VerdictGrade
from streamer.domain.visit_day import VisitDay
from streamer.domain.visit_evidence import EvidenceSource
from streamer.reports.coverage_strips import CoverageStrips
from streamer.reports.report_extract import ReportExtract
from streamer.reports.report_json import (
    content_of,
    digest_of,
    header_of,
    report_of,
)
from streamer.reports.report_maker import ReportFacts, ReportMaker, ReportSite, changes_of
from streamer.reports.report_part import ReportPart
from streamer.reports.risk import PeriodRisk
from streamer.reports.row_json import lines_of, rows_of
from streamer.reports.visit_counts import VisitCounts
from tests.unit.reports.facts import (
    ALL_DAY,
    ALMATY,
    DAY,
    PREMISES,
    a_day,
    appointment,
    at,
    claim,
    evidence,
    interval,
    judged,
    patient,
    uptime,
)

PERIOD = Period.of(DAY, DAY + timedelta(days=1))
ERRORS = ErrorAccounting(
    "open-1", "CC0", (), ErrorSource.NONE, 0, 0, 0, 0.0, 0, None, None, None, None, 0, 0
)
FACTS = ReportFacts(datetime(2026, 12, 1, tzinfo=UTC), "00", ERRORS)


class Made:
    """A report of some days, and its rows."""

    def __init__(
        self,
        days: Iterable[VisitDay],
        settings: Reports | None = None,
        explained: Iterable[tuple[RowKind, str]] = (),
        intervals: Any = ALL_DAY,
        parts: int = 1,
    ) -> None:
        settings = settings or Reports()
        site = ReportSite("s", "Site", "Asia/Almaty", PERIOD)
        strips = CoverageStrips(PREMISES, intervals, {}, at(48))
        several = [ReportPart(strips, frozenset(explained)) for _ in range(parts)]
        counts = VisitCounts()
        found: dict[date, bytes] = {}
        # Days go to whichever part is free, the last ones first.
        for number, one in enumerate(reversed(list(days))):
            facts = judged(one, settings, covered=uptime(intervals))
            found[one.day] = several[number % parts].add(facts)
        for part in several:
            counts.join(part.counts)
        risk = PeriodRisk(counts.counts, settings)
        for part in several:
            for day, lines in part.close(risk.found):
                found[day] += lines
        maker = ReportMaker(site, settings, risk, [part.tally() for part in several])
        found = dict(sorted(found.items()))
        self.rows = {day: rows_of(lines) for day, lines in found.items()}
        asked = [self.rows[day][place] for day, places in maker.drawn().items() for place in places]
        maker.add_up()
        self.report: Report = maker.report(asked, FACTS)
        self.day_digests = maker.day_digests

    def row(self, ref: str) -> ReportRow:
        return next(row for rows in self.rows.values() for row in rows if row.ref == ref)


def test_a_day_s_figures() -> None:
    """Four come or do not, one cancels, one is at home."""
    day = a_day(
        [
            appointment(9, "A-1", "P-1"),
            appointment(10, "A-2", "P-2", department="Dental", practitioner_ref="D-2"),
            appointment(11, "A-3", "P-3", status=AppointmentStatus.NOSHOW),
            appointment(12, "A-4", "P-4"),
            appointment(13, "A-5", "P-5", status=AppointmentStatus.CANCELLED),
            appointment(14, "A-6", "P-1", place=Place.HOME),
        ],
        [
            claim(9.5, "C-1", "P-1", "A-1"),
            claim(12, "C-4", "P-4", "A-4", currency="USD"),
            claim(12.1, "C-5", "P-4", "A-4", False, amount=Decimal("0.50"), service_code="S2"),
        ],
        [
            evidence(8.75, "A-1", "P-1", method=Method.FACE, camera_id="lobby-1"),
            evidence(10.25, "A-2", "P-2", EvidenceGrade.DESK_CODE, method=Method.QR),
        ],
        [
            patient("P-1"),
            patient("P-2", enrolled=False, declined=True),
            patient("P-3", enrolled=False),
            patient("P-4"),
            patient("P-5", enrolled=False),
        ],
    )
    made = Made([day, a_day(day=DAY + timedelta(days=1))])
    total = made.report.total
    assert (total.appointments, total.took_place, total.noshows) == (6, 4, 1)
    assert total.arrivals == (
        ArrivalCount(Method.FACE, EvidenceGrade.FACE, 1),
        ArrivalCount(Method.QR, EvidenceGrade.DESK_CODE, 1),
    )
    assert total.lateness == Spread(2, 0.0, 15.0)
    assert total.waiting == Spread(1, 45.0, 45.0)
    visits = total.visits
    assert visits.verified == {VerdictGrade.FACE: 1, VerdictGrade.DESK_CODE: 1}
    assert (visits.unverified, visits.explained, visits.own_evidence) == (1, 0, 0)
    assert visits.not_applicable == {
        NotApplicable.HOME: 1,
        NotApplicable.CANCELLED: 1,
        NotApplicable.NOSHOW: 1,
    }
    assert (total.claims.verified, total.claims.unverified) == ({VerdictGrade.FACE: 1}, 2)
    assert total.billed == {"KZT": Decimal("1500.50"), "USD": Decimal(1500)}
    assert (total.patients, total.enrolled, total.declined) == (5, 2, 1)
    assert total.certain == AtRisk()
    assert [(one.name, one.figures.appointments) for one in made.report.departments] == [
        ("Dental", 1),
        ("Therapy", 5),
    ]
    assert [one.scope.value for one in made.report.practitioners] == ["D-1", "D-2"]
    assert [one.appointments for _, one in made.report.days] == [6, 0]
    assert made.report.trend == (TrendPoint(PERIOD, 6, 2, 1, 0),)
    # What could be asked about: not the cancelled one, nor the one at home.
    assert {one.ref for one in made.report.call_backs} == {"A-1", "A-2", "A-4"}


def test_nobody_counts_twice_over_days() -> None:
    second = a_day(
        [appointment(34, "A-2", "P-1")],
        pieces=[evidence(33.5, "A-2", "P-1")],
        patients=[patient("P-1", enrolled=False, declined=True)],
        day=DAY + timedelta(days=1),
    )
    made = Made([a_day([appointment()], pieces=[evidence()]), second])
    total = made.report.total
    assert (total.patients, total.enrolled, total.declined) == (1, 1, 0)
    assert [one.declined for _, one in made.report.days] == [0, 1]


def _crowd(
    name: str, visits: int, seen: int, grade: EvidenceGrade = EvidenceGrade.FACE
) -> VisitDay:
    """A practitioner's visits, some with evidence."""
    booked, billed, pieces = [], [], []
    for number in range(visits):
        ref, who = f"{name}-A{number}", f"{name}-P{number}"
        hour = 8 + number / 30
        booked.append(appointment(hour, ref, who, practitioner_ref=name))
        billed.append(claim(hour, f"{name}-C{number}", who, ref, practitioner_ref=name))
        if number < seen:
            pieces.append(evidence(hour - 0.2, ref, who, grade))
    return a_day(booked, billed, pieces)


def _together(*days: VisitDay) -> VisitDay:
    return a_day(
        [one for day in days for one in day.appointments],
        [one for day in days for one in day.claims],
        [one for day in days for one in day.evidence],
        [one for day in days for one in day.patients.values()],
    )


LAX = Reports(per_day=500, per_hour=500, overlap_min=0.001, rules_off=("outside_hours",))


def test_a_phantom_is_at_risk_only_once_the_whole_period_is_counted() -> None:
    day = _together(_crowd("D-1", 200, 190), _crowd("PH", 60, 0))
    made = Made([day], LAX)
    total = made.report.total
    assert total.estimated == AtRisk(60, {"KZT": Decimal(90_000)})
    assert total.certain == AtRisk()
    assert made.row("PH-C7").estimated
    assert not made.row("D-1-C199").estimated
    (phantom,) = (one for one in made.report.practitioners if one.scope.value == "PH")
    assert phantom.figures.estimated.claims == 60
    assert made.report.days[0][1].estimated.claims == 60
    assert {one.practitioner_ref for one in made.report.rates if one.above} == {"PH"}
    # An answer that was accepted stands against the estimate, and is counted.
    answered = Made([day], LAX, [(RowKind.CLAIM, "PH-C7"), (RowKind.CLAIM, "D-1-C0")])
    assert answered.report.total.estimated.claims == 59
    assert answered.report.total.claims.explained == 1
    assert answered.row("PH-C7").explained
    assert not answered.row("D-1-C0").explained
    # An answer about the appointment is one about what was billed for it.
    booked = Made([day], LAX, [(RowKind.APPOINTMENT, "PH-A7")])
    assert booked.row("PH-C7").explained
    assert booked.report.total.visits.explained == booked.report.total.claims.explained == 1
    assert changes_of(made.report, answered.report) == {
        "claims.explained": (0, 1),
        "at_risk.estimated": (60, 59),
    }


def test_weak_evidence_is_certain_and_says_what_it_could_not_look_at() -> None:
    day = _together(
        _crowd("D-1", 100, 100), _crowd("WEAK", 80, 80, EvidenceGrade.MANUAL), _crowd("S", 9, 5)
    )
    made = Made([day], LAX)
    assert made.report.total.certain.claims == 80
    assert made.report.total.rules[RuleCode.WEAK_EVIDENCE] == 80
    (finding,) = made.row("WEAK-C3").findings
    assert finding.parameters == {
        "practitioner": "WEAK",
        "weak": 80,
        "visits": 80,
        "share": 1.0,
        "most": 0.15,
    }
    # An answer to the claim stands beside what the rule found, and takes nothing away from it. One
    # to the appointment says why nobody was seen: that is not what the rule asks.
    given = [(RowKind.CLAIM, "WEAK-C3"), (RowKind.CLAIM, "D-1-C0"), (RowKind.CLAIM, "S-C0")]
    answered = Made([day], LAX, [*given, (RowKind.APPOINTMENT, "WEAK-A4")])
    explained = [row.ref for rows in answered.rows.values() for row in rows if row.explained]
    assert explained == ["WEAK-C3"]
    assert answered.report.total.certain == made.report.total.certain
    assert answered.report.total.claims.explained == 0
    # What was answered for a rule that finds nothing any more needs no explanation.
    few = _crowd("W", 20, 20, EvidenceGrade.MANUAL)
    assert not Made([few], LAX, [(RowKind.CLAIM, "W-C0")]).row("W-C0").explained
    summary = next(one for one in made.report.rules if one.code is RuleCode.WEAK_EVIDENCE)
    assert (summary.evaluated, summary.found) == (180, 80)
    assert summary.not_evaluated == {NotEvaluated.NO_EVIDENCE: 4, NotEvaluated.TOO_FEW: 5}


def test_it_does_not_matter_which_part_has_which_day() -> None:
    """Several processes go through a period: the report is the same, byte for byte."""
    crowds = (
        _together(_crowd("D-1", 200, 190), _crowd("PH", 30, 0)),
        _together(_crowd("D-1", 90, 80), _crowd("WEAK", 80, 80, EvidenceGrade.MANUAL)),
        _together(_crowd("D-2", 50, 50), _crowd("PH", 40, 0)),
    )
    days = [replace(one, day=DAY + timedelta(days=at)) for at, one in enumerate(crowds)]
    alone = Made(days, LAX)
    assert alone.report.total.estimated.claims
    assert alone.report.total.certain.claims
    for parts in (2, 3, 4):
        several = Made(days, LAX, parts=parts)
        assert several.rows == alone.rows
        assert several.day_digests == alone.day_digests
        assert header_of(several.report) == header_of(alone.report)


def test_strips_say_when_an_entrance_was_not_analysed() -> None:
    down = interval(11, 12, CameraStatus.DOWN)
    intervals = (interval(0, 11), down, interval(12, 24))
    made = Made([a_day([appointment(10), appointment(12, "A-2")])], intervals=intervals)
    (strip,) = made.report.coverage
    assert (strip.building, strip.entrance, strip.day) == ("main", "front", DAY)
    assert (strip.opens_at, strip.closes_at) == (at(8), at(12.5))
    assert strip.share == round(3.5 / 4.5, 4)
    (gap,) = strip.gaps
    assert (gap.starts_at, gap.ends_at, gap.cause) == (at(11), at(12), UnknownCause.CAMERA_DOWN)


def test_header_rows_and_digests_go_through_json() -> None:
    day = _together(_crowd("D-1", 30, 20), a_day([appointment(9, "Қ-1", 'P-\n"ә')]))
    made = Made([day, a_day(day=DAY + timedelta(days=1))], LAX)
    header = header_of(made.report)
    again = report_of(header)
    assert again == made.report
    assert header_of(again) == header
    lines = lines_of(made.rows[DAY])
    assert rows_of(lines) == made.rows[DAY]
    assert hashlib.sha256(lines).digest() == made.day_digests[0]
    assert made.day_digests[1] == hashlib.sha256().digest()
    assert digest_of(header, made.day_digests) == (
        hashlib.sha256(header + b"".join(made.day_digests)).digest()
    )
    later = replace(made.report, data_until=FACTS.data_until + timedelta(days=1), trend=())
    assert content_of(later, made.day_digests) == content_of(made.report, made.day_digests)
    assert content_of(later, made.day_digests[:1]) != content_of(made.report, made.day_digests)


@pytest.mark.parametrize(
    ("scope", "claims"),
    [
        (Scope(ScopeKind.PRACTITIONER, "PH"), 60),
        (Scope(ScopeKind.DEPARTMENT, "Therapy"), 260),
        (Scope(ScopeKind.DEPARTMENT, "Dental"), 0),
    ],
)
def test_a_part_is_made_of_the_whole(scope: Scope, claims: int) -> None:
    made = Made([_together(_crowd("D-1", 200, 190), _crowd("PH", 60, 0))], LAX)
    extract = ReportExtract(made.report, scope)
    for day, rows in made.rows.items():
        extract.add(day, rows)
    part = extract.report(())
    assert part.scope == scope
    assert part.total.claims.total == claims
    groups = (*made.report.departments, *made.report.practitioners)
    for group in groups:
        if group.scope == scope:
            assert part.total == group.figures
    refs = {one.scope.value for one in part.practitioners}
    assert {one.practitioner_ref for one in part.rates} <= refs
    assert {one.practitioner_ref for one in part.call_backs} <= refs
    assert part.practitioners == tuple(
        one for one in made.report.practitioners if one.scope.value in refs
    )


def test_confirmations_are_no_arrivals() -> None:
    piece = evidence(10.1, source=EvidenceSource.CONFIRMATION)
    made = Made([a_day([appointment()], pieces=[piece])])
    assert made.report.total.arrivals == ()
    assert made.report.total.lateness is None
    assert made.report.zone == ALMATY.key
