"""What stands out claim by claim: the rules, the claims at risk, the sample to call back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from streamer.domain.report.report import Report
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.report.rows_wanted import RowsWanted
from streamer.domain.rule_code import FOR_A_LOOK
from streamer.domain.rule_summary import RuleSummary
from streamer.exchange.reports.content import Column, Days, Line, Section, Table
from streamer.exchange.reports.explanations import explained
from streamer.exchange.reports.group_sections import practitioner_names
from streamer.exchange.reports.words import Words, clean

# What people read; whoever wants all of them takes the spreadsheet.
RISKS_SHOWN: Final = 200
LOOKS_SHOWN: Final = 50


def rules(report: Report, words: Words) -> Section:
    """Return what each rule could look at, what it found, and why it did not look at others."""
    columns = (
        Column(words.of("rule"), wide=6),
        Column(words.of("rule.evaluated"), number=True),
        Column(words.of("rule.found"), number=True),
        Column(words.of("rule.not_evaluated"), wide=4),
    )
    table = Table(columns, tuple(_rule(one, words) for one in report.rules))
    return Section(
        "rules", words.of("rules"), (words.of("rules.note"),), table=table if report.rules else None
    )


def _rule(summary: RuleSummary, words: Words) -> Line:
    code = summary.code
    said = f"{words.of(f'rule.{code.value}')}. {words.of(f'is.{code.value}')}"
    return Line(
        (
            said,
            words.number(summary.evaluated),
            words.number(summary.found),
            skipped(summary, words) or "–",
        ),
        leads=(None, None, RowsWanted(rule=code) if summary.found else None),
    )


def skipped(summary: RuleSummary, words: Words) -> str:
    """Return how many claims a rule did not look at, by reason."""
    return "; ".join(
        f"{words.number(count)}: {words.of(f'skipped.{reason.value}')}"
        for reason, count in sorted(summary.not_evaluated.items(), key=lambda item: -item[1])
    )


def why_at_risk(row: ReportRow, words: Words, names: Mapping[str, str]) -> str:
    """Return everything that is to be said of a claim, information too."""
    said = [
        f"{words.of(f'rule.{one.code.value}')}: {explained(one, words, names)}"
        for one in row.findings
    ]
    if row.estimated:
        said.append(words.of("why.estimated"))
    return " ".join(said)


def standing_out(report: Report, days: Days, words: Words) -> Iterator[Section]:
    """Yield the claims at risk, then those for a look: the first of each, in order of time.

    Reads no further once it has as many as are shown.
    """
    total = report.total
    at_risk = total.certain.claims + total.estimated.claims
    # No claim is found by both.
    for_a_look = sum(total.rules.get(code, 0) for code in FOR_A_LOOK)
    risks: list[ReportRow] = []
    looks: list[ReportRow] = []
    if at_risk or for_a_look:
        for _, rows in days:
            risks += [row for row in rows if row.certain or row.estimated]
            looks += [row for row in rows if _for_a_look(row)]
            if min(RISKS_SHOWN, at_risk) <= len(risks) and min(LOOKS_SHOWN, for_a_look) <= len(
                looks
            ):
                break
    names = practitioner_names(report)
    if risks:
        says = _more(len(risks[:RISKS_SHOWN]), at_risk, words)
        table = _claims(risks[:RISKS_SHOWN], words, names)
        yield Section("risks", words.of("risk.list"), says, table=table)
    else:
        yield Section("risks", words.of("risk.list"), (words.of("risk.none"),))
    if looks:
        says = (words.of("looks.note"), *_more(len(looks[:LOOKS_SHOWN]), for_a_look, words))
        table = _claims(looks[:LOOKS_SHOWN], words, names)
        yield Section("looks", words.of("looks"), says, table=table)


def _for_a_look(row: ReportRow) -> bool:
    return any(one.code in FOR_A_LOOK for one in row.findings)


def _more(shown: int, count: int, words: Words) -> tuple[str, ...]:
    if count <= shown:
        return ()
    return (words.of("risk.shown", shown=words.number(shown), count=words.number(count)),)


def _claims(rows: Sequence[ReportRow], words: Words, names: Mapping[str, str]) -> Table:
    columns = (
        Column(words.of("at"), wide=5),
        Column(words.of("reference"), wide=5),
        Column(words.of("practitioner"), wide=6),
        Column(words.of("service"), wide=6),
        Column(words.of("amount"), number=True, wide=7),
        Column(words.of("verdict"), wide=6),
        Column(words.of("why"), wide=16),
    )
    return Table(columns, tuple(_claim(row, words, names) for row in rows))


def _claim(row: ReportRow, words: Words, names: Mapping[str, str]) -> Line:
    amount = words.amount({row.currency or "": row.amount}) if row.amount is not None else "–"
    return Line(
        (
            words.moment(row.at),
            clean(row.ref),
            clean(names.get(row.practitioner_ref, row.practitioner_ref)),
            clean(f"{row.service_code} {row.service_name}"),
            amount.strip(),
            words.of(f"verdict.{row.verdict.value}")
            + (f"; {words.of('explained.yes')}" if row.explained else ""),
            why_at_risk(row, words, names),
        ),
        leads=(None, _alone(row.kind, row.ref, row.at, words)),
    )


def _alone(kind: RowKind, ref: str, at: datetime, words: Words) -> RowsWanted:
    """That row alone, with its evidence."""
    return RowsWanted(day=words.local(at).date(), kind=kind, ref=ref)


def call_backs(report: Report, words: Words) -> Section:
    """Return whom to ask, with room for the answer."""
    if not report.call_backs:
        return Section("call_backs", words.of("call_backs"), (words.of("call_backs.none"),))
    names = practitioner_names(report)
    columns = (
        Column(words.of("at"), wide=4),
        Column(words.of("reference"), wide=5),
        Column(words.of("patient"), wide=9),
        Column(words.of("practitioner"), wide=6),
        Column(words.of("answer"), wide=6),
    )
    lines = tuple(
        Line(
            (
                words.moment(one.at),
                clean(f"{words.of(f'kind.{one.kind.value}')} {one.ref}"),
                clean(one.patient_id),
                clean(names.get(one.practitioner_ref, one.practitioner_ref)),
                "",
            ),
            leads=(None, _alone(one.kind, one.ref, one.at, words)),
        )
        for one in report.call_backs
    )
    says = (words.of("call_backs.note", seed=clean(report.seed)),)
    return Section("call_backs", words.of("call_backs"), says, table=Table(columns, lines))
