"""The same figures by department, practitioner and day; the trend; practitioners' rates."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from streamer.domain.practitioner_rate import PractitionerRate
from streamer.domain.report.figures import Figures
from streamer.domain.report.report import Group, Report
from streamer.domain.report.row import RowKind
from streamer.domain.report.rows_wanted import RowsWanted
from streamer.domain.report.scope import Scope, ScopeKind
from streamer.domain.verdict import VerdictKind
from streamer.exchange.reports.charts import bars, lines
from streamer.exchange.reports.content import Chart, Column, Line, Section, Table
from streamer.exchange.reports.verdict_parts import count_of, parts_of
from streamer.exchange.reports.words import Words, clean

# What each column of a group's line is counted from.
_COUNTED: Final[tuple[Mapping[str, Any], ...]] = (
    {"kind": RowKind.APPOINTMENT},
    {"kind": RowKind.APPOINTMENT, "verdict": VerdictKind.VERIFIED},
    {"kind": RowKind.APPOINTMENT, "verdict": VerdictKind.UNVERIFIED},
    {"kind": RowKind.APPOINTMENT, "verdict": VerdictKind.UNVERIFIED, "explained": True},
    {"kind": RowKind.APPOINTMENT, "verdict": VerdictKind.UNKNOWN},
    {"kind": RowKind.APPOINTMENT, "verdict": VerdictKind.NOT_APPLICABLE},
    {"kind": RowKind.CLAIM},
    {"certain": True},
    {"estimated": True},
)


def practitioner_names(report: Report) -> Mapping[str, str]:
    """Return how practitioners are called, by reference; who has no name is not in it."""
    return {
        group.scope.value: group.name
        for group in report.practitioners
        if group.scope.value is not None and group.name
    }


def group_name(group: Group, words: Words) -> str:
    """Return what a department or practitioner is called."""
    value = group.scope.value
    if group.scope.kind is ScopeKind.DEPARTMENT and value is None:
        return words.of("department.none")
    if group.name and value and group.name != value:
        return clean(f"{group.name} ({value})")
    return clean(group.name or value or "–")


def departments(report: Report, words: Words) -> Section:
    """Return a line for each."""
    made = [
        _line(group_name(one, words), one.figures, words, one.scope) for one in report.departments
    ]
    table = Table(_columns(words.of("department"), words), tuple(made)) if made else None
    return Section("departments", words.of("departments"), table=table)


def practitioners(report: Report, words: Words) -> Section:
    """Return a line for each, in the order of the report."""
    made = [
        _line(group_name(one, words), one.figures, words, one.scope) for one in report.practitioners
    ]
    table = Table(_columns(words.of("practitioner"), words), tuple(made)) if made else None
    return Section("practitioners", words.of("practitioners"), table=table)


def by_day(report: Report, words: Words) -> Section:
    """Return a bar and a line for each day."""
    labels = [f"{day:%d.%m}" for day, _ in report.days]
    columns = [parts_of(figures.visits, words) for _, figures in report.days]
    charts = (Chart(bars(labels, columns), words.of("by_day")),) if len(labels) > 1 else ()
    made = [
        _line(words.short_date(day), figures, words, day)
        for day, figures in report.days
        if figures.visits.total or figures.claims.total
    ]
    table = Table(_columns(words.of("day"), words), tuple(made)) if made else None
    return Section("by_day", words.of("by_day"), charts=charts, table=table)


def _columns(title: str, words: Words) -> tuple[Column, ...]:
    names = (
        *("c.appointments", "c.verified", "c.unverified", "c.explained", "c.unknown"),
        *("c.not_applicable", "c.claims", "c.certain", "c.estimated"),
    )
    return (Column(title, wide=6), *(Column(words.of(name), number=True, wide=3) for name in names))


def _line(name: str, figures: Figures, words: Words, about: Scope | date) -> Line:
    visits = figures.visits
    counts = (
        visits.total,
        count_of(visits, VerdictKind.VERIFIED),
        visits.unverified,
        visits.explained,
        count_of(visits, VerdictKind.UNKNOWN),
        count_of(visits, VerdictKind.NOT_APPLICABLE),
        figures.claims.total,
        figures.certain.claims,
        figures.estimated.claims,
    )
    group = RowsWanted(
        scope=about if isinstance(about, Scope) else None,
        day=None if isinstance(about, Scope) else about,
    )
    leads = tuple(
        replace(group, **wanted) if count else None
        for count, wanted in zip(counts, _COUNTED, strict=True)
    )
    cells = (name, *(words.number(count) for count in counts))
    return Line(cells, about=about, leads=(None, *leads))


def trend(report: Report, words: Words) -> Section:
    """Return shares over this and earlier periods."""
    points = report.trend
    labels = [words.short_period(point.period) for point in points]
    rows = [
        (
            kind,
            words.of(f"verdicts.{kind}"),
            [getattr(point, kind) / (point.appointments or 1) for point in points],
        )
        for kind in ("verified", "unverified", "unknown")
    ]
    charts = (Chart(lines(labels, rows), words.of("trend.note")),) if len(points) > 1 else ()
    columns = (
        Column(words.of("period"), wide=3),
        Column(words.of("appointments"), number=True),
        *(Column(said, number=True, wide=2) for _, said, _ in rows),
    )
    made = [
        Line(
            (
                f"{point.period.first:%d.%m.%Y} – {point.period.last:%d.%m.%Y}"
                if point.period.days > 1
                else f"{point.period.first:%d.%m.%Y}",
                words.number(point.appointments),
                *(
                    f"{words.number(count)} ({words.part(count, point.appointments)})"
                    for count in (point.verified, point.unverified, point.unknown)
                ),
            )
        )
        for point in points
    ]
    table = Table(columns, tuple(made)) if made else None
    return Section("trend", words.of("trend"), (words.of("trend.note"),), charts, table)


def rates(report: Report, words: Words) -> Section:
    """Return everybody's rate of `unverified` beside the site's; those above it first."""
    names = practitioner_names(report)
    ordered = sorted(
        report.rates,
        key=lambda one: (
            not one.above,
            one.q_value if one.q_value is not None else 2.0,
            one.practitioner_ref,
        ),
    )
    columns = (
        Column(words.of("practitioner"), wide=6),
        Column(words.of("rates.group"), wide=5),
        Column(words.of("rates.visits"), number=True, wide=3),
        Column(words.of("verdicts.unverified"), number=True, wide=3),
        Column(words.of("rates.rate"), number=True, wide=3),
        Column(words.of("rates.site"), number=True, wide=3),
        Column(words.of("rates.chance"), number=True, wide=3),
        Column(words.of("rates.above"), wide=2),
    )
    table = Table(columns, tuple(_rate(one, names, words) for one in ordered)) if ordered else None
    says = [words.of("rates.note")]
    if not any(one.above for one in ordered):
        says.append(words.of("rates.none"))
    return Section("rates", words.of("rates"), tuple(says), table=table)


def _rate(rate: PractitionerRate, names: Mapping[str, str], words: Words) -> Line:
    chance = words.of("rates.too_few") if rate.q_value is None else words.small(rate.q_value)
    return Line(
        (
            clean(names.get(rate.practitioner_ref, rate.practitioner_ref)),
            words.of("rates.enrolled" if rate.enrolled else "rates.others"),
            words.number(rate.visits),
            words.number(rate.unverified),
            words.part(rate.unverified, rate.visits),
            words.percent(rate.site_rate),
            chance,
            words.yes(rate.above) if rate.q_value is not None else "–",
        ),
        strong=rate.above,
    )
