"""A report as a workbook: the figures and every row, as numbers and times to be reckoned with.

Written sheet by sheet through temporary files, which only the service's user may read and which are
gone afterwards. They hold references and no names of patients.
"""

import io
from collections.abc import Mapping
from itertools import count
from tempfile import TemporaryDirectory

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

from streamer.domain.report.revision import Revision
from streamer.domain.report.row import ReportRow, RowKind
from streamer.exchange.reports.claim_sections import skipped, why_at_risk
from streamer.exchange.reports.content import Days
from streamer.exchange.reports.error_section import sentences
from streamer.exchange.reports.figure_sheets import (
    group_sheets,
    rate_sheet,
    summary_sheet,
    trend_sheet,
)
from streamer.exchange.reports.group_sections import practitioner_names
from streamer.exchange.reports.report_content import (
    grouped_hex,
    head,
    notices,
    state,
    verify_command,
)
from streamer.exchange.reports.sheet import (
    COUNT,
    DAY,
    MOMENT,
    MONEY,
    SHARE,
    Sheet,
    SheetColumn,
    Value,
    inert,
)
from streamer.exchange.reports.words import Words


def report_xlsx(revision: Revision, days: Days, language: str) -> bytes:
    """Return the workbook; blocking, a second for some thousands of rows.

    Args:
        revision: What it shows.
        days: Its rows, a day at a time; a sheet that is full goes on in another one.
        language: kk, ru or en.

    Raises:
        OSError: The disk is full.
    """
    words = Words(language, revision.report.zone)
    made = io.BytesIO()
    with TemporaryDirectory() as folder:
        book = Workbook(made, {"constant_memory": True, "tmpdir": folder})
        summary_sheet(book, revision.report, words)
        group_sheets(book, revision.report, words)
        rate_sheet(book, revision.report, words)
        trend_sheet(book, revision.report, words)
        _rows(book, revision, days, words)
        _rules(book, revision, words)
        _coverage(book, revision, words)
        _call_backs(book, revision, words)
        _about(book, revision, words)
        try:
            book.close()
        except FileCreateError as error:
            raise error.args[0] from None
    return made.getvalue()


def _row_columns(words: Words, kind: RowKind) -> list[SheetColumn]:
    columns = [
        SheetColumn(words.of("at"), 17, MOMENT),
        SheetColumn(words.of("reference"), 20),
        SheetColumn(words.of("patient"), 38),
        SheetColumn(words.of("practitioner"), 28),
        SheetColumn(words.of("department"), 18),
        SheetColumn(words.of("service_code"), 12),
        SheetColumn(words.of("service"), 28),
        SheetColumn(words.of("status"), 14),
        SheetColumn(words.of("verdict"), 16),
        SheetColumn(words.of("grade"), 18),
        SheetColumn(words.of("cause"), 26),
        SheetColumn(words.of("reason.not_applicable"), 20),
        SheetColumn(words.of("covered"), 12, SHARE),
        SheetColumn(words.of("evidence.source"), 18),
        SheetColumn(words.of("evidence.method"), 16),
        SheetColumn(words.of("evidence.at"), 17, MOMENT),
        SheetColumn(words.of("evidence.place"), 14),
        SheetColumn(words.of("evidence.id"), 38),
        SheetColumn(words.of("figure.own_evidence"), 14),
        SheetColumn(words.of("enrolled"), 12),
        SheetColumn(words.of("declined"), 12),
        SheetColumn(words.of("explained.yes"), 14),
    ]
    if kind is RowKind.APPOINTMENT:
        return [*columns, SheetColumn(words.of("took_place"), 12)]
    return [
        *columns,
        SheetColumn(words.of("appointment_ref"), 20),
        SheetColumn(words.of("amount"), 14, MONEY),
        SheetColumn(words.of("currency"), 9),
        SheetColumn(words.of("measured"), 12),
        SheetColumn(words.of("certain"), 12),
        SheetColumn(words.of("estimated"), 12),
        SheetColumn(words.of("rules.found"), 30),
        SheetColumn(words.of("why"), 60),
    ]


def _rows(book: Workbook, revision: Revision, days: Days, words: Words) -> None:
    sheets = {
        kind: Sheet(book, words.of(f"sheet.{kind.value}s"), _row_columns(words, kind))
        for kind in (RowKind.APPOINTMENT, RowKind.CLAIM)
    }
    names = practitioner_names(revision.report)
    for _, rows in days:
        for row in rows:
            sheets[row.kind].add(_values(row, words, names))
    for sheet in sheets.values():
        sheet.close()


def _values(row: ReportRow, words: Words, names: Mapping[str, str]) -> list[Value]:
    evidence = row.evidence
    name = names.get(row.practitioner_ref)
    values: list[Value] = [
        words.local(row.at),
        row.ref,
        row.patient_id,
        f"{name} ({row.practitioner_ref})" if name else row.practitioner_ref,
        row.department,
        row.service_code,
        row.service_name,
        words.code("status", row.status),
        words.of(f"verdict.{row.verdict.value}"),
        words.code("grade", row.grade),
        words.code("cause", row.cause),
        words.code("not_applicable", row.not_applicable),
        row.covered,
        "" if evidence is None else words.of(f"source.{evidence.source.value}"),
        "" if evidence is None else words.code("method", evidence.method),
        None if evidence is None else words.local(evidence.occurred_at),
        None if evidence is None else evidence.place,
        None if evidence is None else str(evidence.source_id),
        words.yes(row.own_evidence),
        words.yes(row.enrolled),
        words.yes(row.declined),
        words.yes(row.explained),
    ]
    if row.kind is RowKind.APPOINTMENT:
        return [*values, words.yes(row.took_place)]
    return [
        *values,
        row.appointment_ref,
        row.amount,
        row.currency,
        words.yes(row.measured),
        words.yes(row.certain),
        words.yes(row.estimated),
        "; ".join(words.of(f"rule.{one.code.value}") for one in row.findings),
        why_at_risk(row, words, names) if row.findings or row.estimated else None,
    ]


def _rules(book: Workbook, revision: Revision, words: Words) -> None:
    sheet = Sheet(
        book,
        words.of("sheet.rules"),
        [
            SheetColumn(words.of("rule"), 40),
            SheetColumn(words.of("rule.evaluated"), 14, COUNT),
            SheetColumn(words.of("rule.found"), 14, COUNT),
            SheetColumn(words.of("rule.not_evaluated"), 60),
            SheetColumn(words.of("rule.meaning"), 70),
        ],
    )
    for one in revision.report.rules:
        code = one.code.value
        said = words.of(f"is.{code}")
        row = (words.of(f"rule.{code}"), one.evaluated, one.found, skipped(one, words), said)
        sheet.add(row)
    sheet.close()


def _coverage(book: Workbook, revision: Revision, words: Words) -> None:
    sheet = Sheet(
        book,
        words.of("sheet.coverage"),
        [
            SheetColumn(words.of("day"), 12, DAY),
            SheetColumn(words.of("building"), 18),
            SheetColumn(words.of("entrance"), 18),
            SheetColumn(words.of("from"), 17, MOMENT),
            SheetColumn(words.of("to"), 17, MOMENT),
            SheetColumn(words.of("covered"), 12, SHARE),
            SheetColumn(words.of("missed_min"), 16, COUNT),
            SheetColumn(words.of("unwatched"), 50),
        ],
    )
    for one in revision.report.coverage:
        minutes = [(gap.ends_at - gap.starts_at).total_seconds() / 60 for gap in one.gaps]
        causes = dict.fromkeys(words.of(f"cause.{gap.cause.value}") for gap in one.gaps)
        opens, closes = words.local(one.opens_at), words.local(one.closes_at)
        where = (one.day, one.building, one.entrance, opens, closes)
        sheet.add((*where, one.share, sum(minutes), "; ".join(causes)))
    sheet.close()


def _call_backs(book: Workbook, revision: Revision, words: Words) -> None:
    sheet = Sheet(
        book,
        words.of("sheet.call_backs"),
        [
            SheetColumn(words.of("at"), 17, MOMENT),
            SheetColumn(words.of("call_backs.kind"), 14),
            SheetColumn(words.of("reference"), 20),
            SheetColumn(words.of("patient"), 38),
            SheetColumn(words.of("practitioner"), 28),
            SheetColumn(words.of("answer"), 40),
        ],
    )
    names = practitioner_names(revision.report)
    for one in revision.report.call_backs:
        who = names.get(one.practitioner_ref, one.practitioner_ref)
        kind = words.of(f"kind.{one.kind.value}")
        sheet.add((words.local(one.at), kind, one.ref, one.patient_id, who, None))
    sheet.close()


def _about(book: Workbook, revision: Revision, words: Words) -> None:
    sheet = book.add_worksheet(words.of("sheet.about"))
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 110)
    plain, bold = (
        book.add_format({"bold": strong, "text_wrap": True, "valign": "top"})
        for strong in (False, True)
    )
    rows = count()

    def line(name: str, value: str = "", *, strong: bool = False) -> None:
        row = next(rows)
        for place, text in enumerate((name, value)):
            sheet.write_string(row, place, inert(text), bold if strong else plain)

    line(words.of("title"), words.of("subtitle"), strong=True)
    line(words.of("warning"), words.of("warning.more"), strong=True)
    for name, value in head(revision, words):
        line(name, value)
    line(words.of("state"), state(revision, words))
    for said in notices(revision.report, words):
        line(words.of("notices"), said)
    for said in sentences(revision.report.errors, words):
        line(words.of("errors"), said)
    line(words.of("verify.digest"), grouped_hex(revision.digest))
    line(words.of("verify"), verify_command(revision, words))
    line(words.of("verify.checkpoint"), revision.report.audit_checkpoint)
    line(words.of("verify.seed"), revision.report.seed)
    line(words.of("about"), words.of("about.refs"))
