"""Rows of a report in words: a line each, and everything there is to know of one."""

from collections.abc import Iterable, Mapping

from streamer.domain.report.report import Report
from streamer.domain.report.row import ReportRow
from streamer.domain.report.rows_wanted import RowsWanted
from streamer.domain.verdict import VerdictKind
from streamer.exchange.reports.claim_sections import why_at_risk
from streamer.exchange.reports.explanations import explained
from streamer.exchange.reports.group_sections import practitioner_names
from streamer.exchange.reports.words import Words, clean

_COLUMNS = ("at", "reference", "patient", "practitioner", "service", "verdict", "grade", "why")


def row_columns(words: Words) -> tuple[str, ...]:
    """Return what stands above the cells of `row_cells`."""
    return tuple(words.of(name) for name in _COLUMNS)


def row_cells(
    row: ReportRow, report: Report, words: Words, *, dated: bool = False
) -> tuple[str, ...]:
    """Return a row as a line; `dated` = with its day."""
    names = practitioner_names(report)
    return (
        words.moment(row.at) if dated else words.time(row.at),
        clean(f"{words.of(f'kind.{row.kind.value}')} {row.ref}"),
        clean(row.patient_id),
        clean(names.get(row.practitioner_ref, row.practitioner_ref)),
        clean(f"{row.service_code} {row.service_name}").strip(),
        words.of(f"verdict.{row.verdict.value}"),
        said_of(row, words),
        why_at_risk(row, words, names) if row.findings or row.estimated else "",
    )


def wanted_words(wanted: RowsWanted, words: Words) -> tuple[str, ...]:
    """Return which rows are wanted, but for what a form asks for: kind, verdict, day, at risk."""
    flags = (
        ("figure.took_place", wanted.took_place),
        ("explained", wanted.explained),
        ("figure.own_evidence", wanted.own_evidence),
        ("risk.certain", wanted.certain),
        ("risk.estimated", wanted.estimated),
    )
    said = (
        words.code("method", wanted.method),
        words.code("grade", wanted.grade),
        words.code("cause", wanted.cause),
        words.code("not_applicable", wanted.reason),
        words.code("status", wanted.status),
        words.code("rule", wanted.rule),
        *(words.of(name) for name, asked in flags if asked),
    )
    return tuple(one for one in said if one)


def said_of(row: ReportRow, words: Words) -> str:
    """Return what a verdict rests on: the grade, the cause, the reason, or an answer."""
    if row.verdict is VerdictKind.UNVERIFIED:
        return words.of("explained.yes") if row.explained else ""
    said = (
        words.code("grade", row.grade)
        or words.code("cause", row.cause)
        or words.code("not_applicable", row.not_applicable)
    )
    return "; ".join(filter(None, (said, words.of("explained.yes") if row.explained else "")))


def why_answerable(row: ReportRow, words: Words) -> tuple[str, ...]:
    """Return why a practitioner may answer a row, a sentence each."""
    unverified = row.verdict is VerdictKind.UNVERIFIED
    return (
        *((words.of("means.unverified"),) if unverified else ()),
        *(f"{words.of(f'rule.{one.code.value}')}: {explained(one, words)}" for one in row.findings),
        *((words.of("why.estimated"),) if row.estimated else ()),
    )


def row_details(row: ReportRow, report: Report, words: Words) -> Iterable[tuple[str, str]]:
    """Yield name and value of all that is known of a row: its evidence first."""
    names = practitioner_names(report)
    yield words.of("verdict"), words.of(f"verdict.{row.verdict.value}")
    yield words.of("legend"), words.of(f"means.{row.verdict.value}")
    for name, value in _evidence(row, words):
        if value:
            yield words.of(name), clean(value)
    for finding in row.findings:
        information = f" ({words.of('rule.information')})" if finding.code.information_only else ""
        rule = words.of(f"rule.{finding.code.value}")
        yield rule + information, explained(finding, words, names)
    for name, value in _known(row, names, words):
        if value:
            yield words.of(name), clean(value)


def _evidence(row: ReportRow, words: Words) -> Iterable[tuple[str, str]]:
    yield "grade", words.code("grade", row.grade)
    yield "cause", words.code("cause", row.cause)
    yield "reason.not_applicable", words.code("not_applicable", row.not_applicable)
    evidence = row.evidence
    if evidence is not None:
        yield "evidence.source", words.of(f"source.{evidence.source.value}")
        yield "evidence.at", words.moment(evidence.occurred_at)
        yield "evidence.method", words.code("method", evidence.method)
        yield "evidence.place", evidence.place or ""
        yield "evidence.id", str(evidence.source_id)
    if row.own_evidence:
        yield "figure.own_evidence", words.of("own_evidence")
    if row.explained:
        yield "explained", words.of("explained.yes")
    yield "covered", "" if row.covered is None else words.percent(row.covered)
    if row.estimated:
        yield "estimated", words.of("why.estimated")


def _known(row: ReportRow, names: Mapping[str, str], words: Words) -> Iterable[tuple[str, str]]:
    name = names.get(row.practitioner_ref)
    yield "at", words.moment(row.at)
    yield "patient", row.patient_id
    yield "practitioner", f"{name} ({row.practitioner_ref})" if name else row.practitioner_ref
    yield "department", row.department or ""
    yield "service", f"{row.service_code} {row.service_name}".strip()
    yield "status", words.code("status", row.status)
    yield "enrolled", words.yes(row.enrolled)
    if row.declined:
        yield "declined", words.yes(row.declined)
    yield "appointment_ref", row.appointment_ref or ""
    if row.amount is not None:
        yield "amount", words.amount({row.currency or "": row.amount}).strip()
