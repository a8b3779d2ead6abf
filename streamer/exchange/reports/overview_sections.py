"""The first page: what is known and what is not, claims at risk, further figures."""

from dataclasses import replace
from typing import Any

from streamer.domain.appointment import AppointmentStatus
from streamer.domain.report.figures import AtRisk, Figures, Spread
from streamer.domain.report.report import Report
from streamer.domain.report.row import RowKind
from streamer.domain.report.rows_wanted import RowsWanted
from streamer.domain.rule_code import FOR_A_LOOK
from streamer.domain.verdict import VerdictGrade, VerdictKind
from streamer.exchange.reports.charts import one_bar
from streamer.exchange.reports.content import Chart, Column, Line, Section, Table
from streamer.exchange.reports.verdict_parts import (
    arrival_said,
    count_of,
    parts_of,
    verdict_lines,
)
from streamer.exchange.reports.words import Words


def glance(report: Report, words: Words) -> Section:
    """Return the four verdicts with grades and causes, of appointments beside claims."""
    visits, claims = report.total.visits, report.total.claims
    says = _sentence(report.total, words)
    lines = [
        Line(
            (
                one.said,
                words.number(one.visits),
                words.part(one.visits, visits.total),
                words.number(one.claims),
                words.part(one.claims, claims.total),
            ),
            strong=not one.within,
            within=one.within,
            leads=_of_both(one.wanted, one.visits, one.claims),
        )
        for one in verdict_lines(visits, claims, words)
    ]
    lines.append(
        Line(
            (words.of("total"), words.number(visits.total), "", words.number(claims.total), ""),
            strong=True,
            leads=_of_both(RowsWanted(), visits.total, claims.total),
        )
    )
    columns = (
        Column(words.of("c.what"), wide=4),
        Column(words.of("appointments"), number=True),
        Column(words.of("share"), number=True),
        Column(words.of("claims"), number=True),
        Column(words.of("share"), number=True),
    )
    charts = (Chart(one_bar(parts_of(visits, words)), says),) if visits.total else ()
    return Section(
        "glance",
        words.of("glance"),
        (says,),
        charts,
        Table(columns, tuple(lines)),
    )


def _of_both(wanted: RowsWanted, visits: int, claims: int) -> tuple[RowsWanted | None, ...]:
    """What the second and the fourth cell were counted from: of appointments, of claims."""
    return (
        None,
        replace(wanted, kind=RowKind.APPOINTMENT) if visits else None,
        None,
        replace(wanted, kind=RowKind.CLAIM) if claims else None,
    )


def _sentence(total: Figures, words: Words) -> str:
    visits = total.visits
    if not visits.total:
        return words.of("glance.none")
    counts = {kind.value: count_of(visits, kind) for kind in VerdictKind}
    shares = {f"{name}_share": words.part(count, visits.total) for name, count in counts.items()}
    numbers = {name: words.number(count) for name, count in counts.items()}
    return words.of("glance.sentence", total=words.number(visits.total), **numbers, **shares)


def at_risk(report: Report, words: Words) -> Section:
    """Return claims at risk: certain and estimated apart, amounts by currency."""
    total = report.total
    lines = [
        _risk_line(words.of("risk.certain"), total.certain, words, RowsWanted(certain=True)),
        _risk_line(words.of("risk.estimated"), total.estimated, words, RowsWanted(estimated=True)),
        Line(
            (
                words.of("billed"),
                words.number(total.claims.total),
                words.amount(total.billed) or "–",
            ),
            strong=True,
            leads=(None, RowsWanted(kind=RowKind.CLAIM) if total.claims.total else None),
        ),
    ]
    columns = (
        Column("", wide=4),
        Column(words.of("claims"), number=True),
        Column(words.of("amount"), number=True, wide=3),
    )
    none = not total.certain.claims and not total.estimated.claims
    says = (words.of("risk.none"),) if none else (words.of("risk.note"),)
    closes = [words.of("risk.estimated.note")] if total.estimated.claims else []
    closes += [
        words.of("looks.counted", rule=words.of(f"rule.{code.value}"), count=words.number(count))
        for code in FOR_A_LOOK
        if (count := total.rules.get(code))
    ]
    table = Table(columns, tuple(lines))
    return Section("risk", words.of("risk"), says, table=table, closes=tuple(closes))


def _risk_line(said: str, risk: AtRisk, words: Words, wanted: RowsWanted) -> Line:
    amount = words.amount(risk.amounts)
    if not amount:
        amount = words.of("no_amount") if risk.claims else "–"
    lead = wanted if risk.claims else None
    return Line((said, words.number(risk.claims), amount), leads=(None, lead))


def further_figures(report: Report, words: Words) -> Section:
    """Return how patients arrived, when, and who could be recognised."""
    total = report.total

    def counted(name: str, value: int, **wanted: Any) -> Line:
        cells = words.of(f"figure.{name}"), words.number(value)
        return Line(cells, leads=(None, RowsWanted(**wanted)) if value and wanted else ())

    def shared(name: str, value: int) -> Line:
        shown = f"{words.number(value)} ({words.part(value, total.patients)})"
        return Line((words.of(f"figure.{name}"), shown))

    visits = RowKind.APPOINTMENT
    lines = [
        counted("appointments", total.appointments, kind=visits),
        counted("took_place", total.took_place, took_place=True),
        counted("noshows", total.noshows, kind=visits, status=AppointmentStatus.NOSHOW.value),
        *(
            Line(
                (arrival_said(one, words), words.number(one.count)),
                leads=(
                    None,
                    RowsWanted(kind=visits, method=one.method, grade=VerdictGrade.of(one.grade)),
                ),
            )
            for one in total.arrivals
        ),
        Line((words.of("figure.lateness"), _spread(total.lateness, words))),
        Line((words.of("figure.waiting"), _spread(total.waiting, words))),
        counted("patients", total.patients),
        shared("enrolled", total.enrolled),
        shared("declined", total.declined),
    ]
    own = total.visits.own_evidence + total.claims.own_evidence
    if own:
        lines.append(counted("own_evidence", own, own_evidence=True))
    columns = (Column(words.of("figure"), wide=3), Column(words.of("value"), number=True, wide=3))
    table = Table(columns, tuple(lines))
    return Section("figures", words.of("figures"), table=table)


def _spread(spread: Spread | None, words: Words) -> str:
    if spread is None or not spread.count:
        return words.of("spread.none")
    return words.of(
        "spread",
        median=words.number(spread.median, 1),
        p90=words.number(spread.p90, 1),
        count=words.number(spread.count),
    )
