"""A small report put together by hand: one of everything that forms have to show.

Figures are sums over the rows given, so that what a form shows can be counted.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from msgspec.structs import replace

from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.coverage import UnknownCause
from streamer.domain.practitioner_rate import PractitionerRate
from streamer.domain.report.coverage_strip import CoverageStrip, Gap
from streamer.domain.report.error_accounting import ErrorAccounting, ErrorSource, Expected
from streamer.domain.report.figures import ArrivalCount, AtRisk, Figures, Spread, VerdictFigures
from streamer.domain.report.period import Period, PeriodKind
from streamer.domain.report.report import CallBack, Group, Report, TrendPoint
from streamer.domain.report.revision import ReportState, Revision, RevisionEntry
from streamer.domain.report.row import ReportRow, RowEvidence, RowKind
from streamer.domain.report.scope import WHOLE_SITE, Scope, ScopeKind
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import RuleFinding
from streamer.domain.rule_summary import NotEvaluated, RuleSummary
from streamer.domain.verdict import NotApplicable, VerdictGrade, VerdictKind
from streamer.domain.visit_evidence import EvidenceSource

ZONE = "Asia/Almaty"
PRACTITIONERS = {
    "DR-01": "Әлиева Гүлнәр Қайратқызы",
    "DR-02": "Ким Ольга Сергеевна",
    "DR-03": "Өтегенов Ұлан <script>alert(1)</script>",
}
DEPARTMENTS = {"DR-01": "Терапия", "DR-02": "Кардиология", "DR-03": None}
_VERDICTS: tuple[dict[str, object], ...] = (
    {"verdict": VerdictKind.VERIFIED, "grade": VerdictGrade.FACE},
    {"verdict": VerdictKind.VERIFIED, "grade": VerdictGrade.EGOV},
    {"verdict": VerdictKind.VERIFIED, "grade": VerdictGrade.CODE},
    {"verdict": VerdictKind.VERIFIED, "grade": VerdictGrade.FACE},
    {"verdict": VerdictKind.UNVERIFIED},
    {"verdict": VerdictKind.VERIFIED, "grade": VerdictGrade.SAME_DAY},
    {"verdict": VerdictKind.UNKNOWN, "cause": UnknownCause.CAMERA_DOWN},
    {"verdict": VerdictKind.NOT_APPLICABLE, "not_applicable": NotApplicable.NOSHOW},
    {"verdict": VerdictKind.UNKNOWN, "cause": UnknownCause.NO_CODE_DESK},
    {"verdict": VerdictKind.UNVERIFIED, "explained": True},
    {"verdict": VerdictKind.VERIFIED, "grade": VerdictGrade.MANUAL},
    {"verdict": VerdictKind.NOT_APPLICABLE, "not_applicable": NotApplicable.HOME},
)


def made_rows(day: date, count: int = 24) -> tuple[ReportRow, ...]:
    """Appointments and a claim for each of a day; verdicts take turns."""
    rows: list[ReportRow] = []
    start = datetime(day.year, day.month, day.day, 4, 0, tzinfo=UTC)
    for place in range(count):
        said = _VERDICTS[place % len(_VERDICTS)]
        practitioner = f"DR-0{1 + place % 3}"
        at = start + timedelta(minutes=15 * place)
        appointment = ReportRow(
            RowKind.APPOINTMENT,
            f"A-{day:%m%d}-{place:03}",
            f"P-{place:04}",
            practitioner,
            DEPARTMENTS[practitioner],
            "A02.004",
            "Консультация: терапевт" if place % 4 else "=HYPERLINK(1)",
            at,
            "fulfilled",
            covered=0.4 if said["verdict"] is VerdictKind.UNKNOWN else 1.0,
            enrolled=place % 2 == 0,
            took_place=True,
            **said,  # type: ignore[arg-type]
        )
        if appointment.grade is not None:
            same_day = appointment.grade is VerdictGrade.SAME_DAY
            grade = EvidenceGrade("face" if same_day else appointment.grade.value)
            evidence = RowEvidence(
                EvidenceSource.CHECK_IN,
                UUID(int=place + 1),
                grade,
                at - timedelta(minutes=7),
                Method.FACE if grade is EvidenceGrade.FACE else Method.MANUAL,
                "lobby-1",
            )
            appointment = replace(appointment, evidence=evidence)
        claim = replace(
            appointment,
            kind=RowKind.CLAIM,
            ref=f"C-{day:%m%d}-{place:03}",
            status="billed",
            took_place=False,
            appointment_ref=appointment.ref,
            amount=Decimal("4500.50"),
            currency="KZT",
            measured=True,
        )
        rows += [appointment, _with_findings(claim, place)]
    return tuple(rows)


def _with_findings(claim: ReportRow, place: int) -> ReportRow:
    if place % 12 == 4:
        return replace(claim, estimated=True)
    if place == 3:
        finding = RuleFinding(
            RuleCode.PATIENT_OVERLAP,
            UUID(int=99),
            claim.ref,
            {"least_minutes": 3.0, "visits": 7},
            tuple(f"C-{number}" for number in range(7)),
        )
        return replace(claim, findings=(finding,), certain=True)
    if place == 8:
        finding = RuleFinding(
            RuleCode.SUBSTITUTED,
            UUID(int=98),
            claim.ref,
            {"practitioner": "DR-03", "booked": "DR-01"},
        )
        return replace(claim, findings=(finding,))
    return claim


def figures_of(rows: tuple[ReportRow, ...]) -> Figures:
    """The plain sums."""
    visits = [row for row in rows if row.kind is RowKind.APPOINTMENT]
    claims = [row for row in rows if row.kind is RowKind.CLAIM]
    certain = [row for row in claims if row.certain]
    estimated = [row for row in claims if row.estimated]
    patients = {row.patient_id for row in rows}
    return Figures(
        appointments=len(visits),
        took_place=sum(row.took_place for row in visits),
        noshows=sum(row.not_applicable is NotApplicable.NOSHOW for row in visits),
        arrivals=(
            ArrivalCount(Method.FACE, EvidenceGrade.FACE, 9),
            ArrivalCount(Method.QR, EvidenceGrade.CODE, 2),
        ),
        lateness=Spread(11, -6.5, 8.0),
        waiting=Spread(10, 12.0, 31.5),
        visits=_verdicts(visits),
        claims=_verdicts(claims),
        billed=_amounts(claims),
        patients=len(patients),
        enrolled=len(patients) // 2,
        declined=1,
        certain=AtRisk(len(certain), _amounts(certain)),
        estimated=AtRisk(len(estimated), _amounts(estimated)),
        rules=Counter(finding.code for row in claims for finding in row.findings),
    )


def _amounts(claims: list[ReportRow]) -> dict[str, Decimal]:
    total = sum((row.amount for row in claims if row.amount is not None), Decimal())
    return {"KZT": total} if total else {}


def _verdicts(rows: list[ReportRow]) -> VerdictFigures:
    return VerdictFigures(
        verified=Counter(row.grade for row in rows if row.grade),
        unverified=sum(row.verdict is VerdictKind.UNVERIFIED for row in rows),
        explained=sum(row.explained for row in rows),
        unknown=Counter(row.cause for row in rows if row.cause),
        not_applicable=Counter(row.not_applicable for row in rows if row.not_applicable),
    )


def made_report(
    days: int = 7, first: date = date(2026, 3, 2)
) -> tuple[Revision, list[tuple[date, tuple[ReportRow, ...]]]]:
    """A revision with everything in it, and its rows by the day."""
    period = Period(
        {1: PeriodKind.DAY, 7: PeriodKind.WEEK}.get(days, PeriodKind.RANGE),
        first,
        first + timedelta(days=days - 1),
    )
    dates = [first + timedelta(days=place) for place in range(days)]
    rows = [made_rows(day) if day.weekday() < 6 else () for day in dates]
    every = tuple(row for some in rows for row in some)
    report = Report(
        site_id="polyclinic-7",
        site_name="№7 емхана",
        zone=ZONE,
        period=period,
        scope=WHOLE_SITE,
        data_until=datetime(2026, 3, 9, 1, 0, tzinfo=UTC),
        total=figures_of(every),
        departments=tuple(
            Group(
                Scope(ScopeKind.DEPARTMENT, name),
                name,
                figures_of(tuple(row for row in every if row.department == name)),
            )
            for name in DEPARTMENTS.values()
        ),
        practitioners=tuple(
            Group(
                Scope(ScopeKind.PRACTITIONER, ref),
                name,
                figures_of(tuple(row for row in every if row.practitioner_ref == ref)),
            )
            for ref, name in PRACTITIONERS.items()
        ),
        days=tuple((day, figures_of(some)) for day, some in zip(dates, rows, strict=True)),
        trend=_trend(period, figures_of(every)),
        rates=(
            PractitionerRate("DR-01", True, 120, 4, 0.061, 0.9, 0.95, above=False),
            PractitionerRate("DR-02", True, 96, 41, 0.061, 1.2e-9, 3.6e-9, above=True),
            PractitionerRate("DR-03", False, 12, 1, 0.08, None, None, above=False),
        ),
        rules=tuple(
            RuleSummary(
                code,
                120,
                1 if code is RuleCode.PATIENT_OVERLAP else 0,
                {NotEvaluated.ENTERED_TIME: 24, NotEvaluated.EXEMPT: 3},
            )
            for code in RuleCode
        ),
        coverage=tuple(_strips(dates)),
        errors=ErrorAccounting(
            pack_id="buffalo_l@1",
            licence="non-commercial",
            weak_for=("people under 18",),
            source=ErrorSource.SITE,
            people=214,
            compared=1804,
            accepted=611,
            gallery_mean=38.4,
            gallery_max=71,
            fpir=Expected(0.0021, 0.0006, 0.0048),
            fnir=Expected(0.034, 0.021, 0.052),
            false_accepts=Expected(1.3, 0.4, 2.9),
            false_rejects=Expected(20.7, 12.8, 31.7),
            reviews=14,
            rejected=3,
        ),
        seed="5f1d7e0a",
        call_backs=tuple(
            CallBack(row.kind, row.ref, row.patient_id, row.practitioner_ref, row.at)
            for row in every[:6:2]
        ),
        audit_checkpoint="ab" * 32,
        notices=(
            ("non_commercial_pack", {"pack": "buffalo_l@1"}),
            ("entrance_without_camera", {"entrance": "Аула жағы", "building": "main"}),
        ),
    )
    entry = RevisionEntry(
        UUID("6f6b7a3e-0d5c-4a53-9a65-1f2f3c8f7b11"),
        2,
        period,
        ReportState.PRELIMINARY,
        datetime(2026, 3, 9, 1, 0, tzinfo=UTC),
        "head-physician",
        bytes(range(32)),
        datetime(2026, 3, 23, 1, 0, tzinfo=UTC),
        report.total.appointments,
        report.total.visits.unverified,
    )
    changes = {"visits.unverified": (14, 12), "visits.verified.face": (40, 42)}
    return Revision(entry, report, entry.digest, changes), list(zip(dates, rows, strict=True))


def _trend(period: Period, total: Figures) -> tuple[TrendPoint, ...]:
    points = []
    for back in range(5, 0, -1):
        one = Period(
            period.kind,
            period.first - timedelta(days=back * period.days),
            period.last - timedelta(days=back * period.days),
        )
        points.append(TrendPoint(one, 140, 80 + back, 12 - back, 30))
    visits = total.visits
    now = TrendPoint(
        period,
        total.appointments,
        sum(visits.verified.values()),
        visits.unverified,
        sum(visits.unknown.values()),
    )
    return (*points, now)


def _strips(dates: list[date]) -> list[CoverageStrip]:
    made = []
    for day in dates:
        opens = datetime(day.year, day.month, day.day, 3, 0, tzinfo=UTC)
        for entrance in ("main", "yard"):
            gaps: tuple[Gap, ...] = ()
            share = 1.0
            if entrance == "main" and day.day % 3 == 0:
                begins = opens + timedelta(hours=3)
                gap = Gap(begins, begins + timedelta(minutes=96), UnknownCause.CAMERA_DOWN)
                gaps, share = (gap,), 1 - 96 / 600
            elif entrance == "yard":
                gaps = (Gap(opens, opens + timedelta(hours=10), UnknownCause.OUTSIDE_COVERAGE),)
                share = 0.0
            closes = opens + timedelta(hours=10)
            made.append(CoverageStrip("building A", entrance, day, opens, closes, share, gaps))
    return made
