"""The first page: what is known and what is not, claims at risk, further figures."""

from streamer.domain.report.figures import AtRisk, Figures, Spread
from streamer.domain.report.report import Report
from streamer.domain.rule_code import FOR_A_LOOK
from streamer.domain.verdict import VerdictKind
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
                said,
                words.number(of_visits),
                words.part(of_visits, visits.total),
                words.number(of_claims),
                words.part(of_claims, claims.total),
            ),
            strong=not within,
            within=within,
        )
        for said, of_visits, of_claims, within in verdict_lines(visits, claims, words)
    ]
    lines.append(
        Line(
            (words.of("total"), words.number(visits.total), "", words.number(claims.total), ""),
            strong=True,
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
        _risk_line(words.of("risk.certain"), total.certain, words),
        _risk_line(words.of("risk.estimated"), total.estimated, words),
        Line(
            (
                words.of("billed"),
                words.number(total.claims.total),
                words.amount(total.billed) or "–",
            ),
            strong=True,
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


def _risk_line(said: str, risk: AtRisk, words: Words) -> Line:
    amount = words.amount(risk.amounts)
    if not amount:
        amount = words.of("no_amount") if risk.claims else "–"
    return Line((said, words.number(risk.claims), amount))


def further_figures(report: Report, words: Words) -> Section:
    """Return how patients arrived, when, and who could be recognised."""
    total = report.total

    def counted(name: str, value: int) -> tuple[str, str]:
        return words.of(f"figure.{name}"), words.number(value)

    def shared(name: str, value: int) -> tuple[str, str]:
        shown = f"{words.number(value)} ({words.part(value, total.patients)})"
        return words.of(f"figure.{name}"), shown

    rows = [
        counted("appointments", total.appointments),
        counted("took_place", total.took_place),
        counted("noshows", total.noshows),
        *((arrival_said(one, words), words.number(one.count)) for one in total.arrivals),
        (words.of("figure.lateness"), _spread(total.lateness, words)),
        (words.of("figure.waiting"), _spread(total.waiting, words)),
        counted("patients", total.patients),
        shared("enrolled", total.enrolled),
        shared("declined", total.declined),
    ]
    own = total.visits.own_evidence + total.claims.own_evidence
    if own:
        rows.append(counted("own_evidence", own))
    columns = (Column(words.of("figure"), wide=3), Column(words.of("value"), number=True, wide=3))
    table = Table(columns, tuple(Line(row) for row in rows))
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
