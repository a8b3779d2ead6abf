"""The forms of a report: what can be read out of each again, in three languages."""

import dataclasses
import io
import typing
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import openpyxl
import pypdfium2
import pytest
from xlsxwriter import Workbook

from streamer.domain.report.report import Report
from streamer.domain.report.row import RowKind
from streamer.domain.report.rows_wanted import RowsWanted
from streamer.domain.report.scope import Scope, ScopeKind
from streamer.domain.rule_code import RuleCode
from streamer.domain.verdict import VerdictGrade, VerdictKind
from streamer.exchange.reports.claim_sections import RISKS_SHOWN
from streamer.exchange.reports.report_html import report_body, report_html
from streamer.exchange.reports.report_pdf import report_pdf
from streamer.exchange.reports.report_xlsx import report_xlsx
from streamer.exchange.reports.sheet import MONEY, ROWS_OF_A_SHEET, Sheet, SheetColumn, inert
from streamer.exchange.reports.words import LANGUAGES, Words
from tests.fakes.made_report import ZONE, made_report

DIGEST = bytes(range(32)).hex()


class Page(HTMLParser):
    """Reads a page: tags that are open at the end, addresses, and its words."""

    VOID = frozenset({"meta", "link", "br", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.hrefs: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        self.hrefs += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_html_stands_by_itself_and_escapes(language: str) -> None:
    revision, days = made_report()
    made = report_html(revision, days, language).decode()
    page = Page(made)
    assert page.open == []
    assert "script" not in page.tags
    assert not any(name.startswith("on") for name in page.names)
    assert page.hrefs == []
    assert "http" not in made.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "<script>alert(1)</script>" in page.text
    assert Words(language, ZONE).of("warning") in page.text
    assert "27" in page.text
    assert "svg" in page.tags
    assert DIGEST in page.text


def test_the_part_of_a_page_has_no_style_of_its_own_and_leads_on() -> None:
    revision, days = made_report()

    def links(about: Scope | date | RowsWanted) -> str:
        if isinstance(about, RowsWanted):
            wanted.append(about)
            return f"?rows={len(wanted)}"
        return f"?{about.isoformat()}" if isinstance(about, date) else f"?of={about.value}&x=1"

    wanted: list[RowsWanted] = []

    made = report_body(revision, days, "kk", links)
    page = Page(made)
    assert "style" not in page.tags | page.names
    assert "html" not in page.tags
    assert "?2026-03-02" in page.hrefs
    assert "?of=DR-01&x=1" in page.hrefs
    assert "?of=DR-01&amp;x=1" in made
    # Totals of everything, of each group and day, rules and single claims lead to their rows.
    assert "?rows=1" in page.hrefs
    claims, visits = RowKind.CLAIM, RowKind.APPOINTMENT
    for one in (
        RowsWanted(kind=visits, verdict=VerdictKind.UNVERIFIED),
        RowsWanted(kind=visits, grade=VerdictGrade.FACE),
        RowsWanted(kind=claims),
        RowsWanted(certain=True),
        RowsWanted(rule=RuleCode.PATIENT_OVERLAP),
        RowsWanted(Scope(ScopeKind.PRACTITIONER, "DR-01"), kind=claims),
        RowsWanted(day=date(2026, 3, 2), kind=visits),
        RowsWanted(day=date(2026, 3, 2), kind=claims, ref="C-0302-003"),
    ):
        assert one in wanted


def test_claims_at_risk_are_read_only_as_far_as_they_are_shown() -> None:
    revision, days = made_report(60)
    read: list[date] = []

    def told() -> object:
        for day, rows in days:
            read.append(day)
            yield day, rows * 3

    total = revision.report.total
    certain = dataclasses.replace(total.certain, claims=5_000)
    report = dataclasses.replace(revision.report, total=dataclasses.replace(total, certain=certain))
    made = report_html(dataclasses.replace(revision, report=report), told(), "en").decode()  # type: ignore[arg-type]
    assert f"The first {RISKS_SHOWN} of" in made
    assert len(read) < 30


def test_settings_are_told_and_so_is_what_was_changed() -> None:
    revision, days = made_report()
    told = ("setting_not_default", {"setting": "reports.per_day", "value": "100000"})
    report = dataclasses.replace(revision.report, notices=(told,))
    entry = dataclasses.replace(revision.entry, number=2)
    changes = {"settings.reports.per_day": (0, 1), "settings.reports.fits": (0, 1)}
    changed = dataclasses.replace(revision, entry=entry, report=report, changes=changes)
    page = Page(report_html(changed, days, "en").decode()).text
    assert "A setting is not the default: reports.per_day = 100000" in page
    assert "Setting reports.per_day – 100000" in page
    assert "Setting reports.fits – the default" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_pdf_can_be_read_again(language: str) -> None:
    revision, days = made_report()
    words = Words(language, ZONE)
    made = report_pdf(revision, days, language)
    pages = pypdfium2.PdfDocument(made)
    texts = [page.get_textpage().get_text_range() for page in pages]
    first = " ".join(texts[0].split())
    assert words.of("title") in first
    assert words.of("warning") in first
    assert words.of("glance") in first
    assert words.of("risk") in first
    assert words.of("notices") in first
    whole = " ".join(" ".join(texts).split())
    assert "Әлиева Гүлнәр Қайратқызы" in whole
    assert "<script>alert(1)</script>" in whole.replace("</ script>", "</script>")
    for number, text in enumerate(texts, 1):
        assert "6f6b7a3e-0d5c-4a53-9a65-1f2f3c8f7b11" in text
        assert f"{number} / {len(texts)}" in text
        assert "00010203 04050607" in text
    # What makes it one for archives: it names the part and level, and carries its fonts.
    assert b"pdfaid:part>2<" in made
    assert b"pdfaid:conformance>A<" in made


@pytest.mark.parametrize("language", LANGUAGES)
def test_workbook_has_typed_cells(language: str) -> None:
    revision, days = made_report()
    words = Words(language, ZONE)
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(revision, days, language)))
    names = [
        *("summary", "days", "departments", "practitioners", "rates", "trend"),
        *("appointments", "claims", "rules", "coverage", "call_backs", "about"),
    ]
    assert book.sheetnames == [words.of(f"sheet.{name}") for name in names]
    for name in book.sheetnames[:-1]:
        sheet = book[name]
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == sheet.dimensions
        titles = [cell.value for cell in sheet[1]]
        assert all(isinstance(one, str) and one and "\xad" not in one for one in titles)
    rows = sum(len(some) for _, some in days)
    appointments, claims = book[words.of("sheet.appointments")], book[words.of("sheet.claims")]
    assert appointments.max_row - 1 + claims.max_row - 1 == rows
    header = [cell.value for cell in claims[1]]
    first: dict[object, typing.Any] = dict(zip(header, claims[2], strict=True))
    at = first[words.of("at")]
    assert at.is_date
    assert at.value.isoformat() == "2026-03-02T09:00:00"
    amount = first[words.of("amount")]
    assert amount.value == 4500.5
    assert amount.number_format == "#,##0.00"
    assert first[words.of("covered")].value == 1
    service = first[words.of("service")]
    assert (service.data_type, service.value) == ("s", "'=HYPERLINK(1)")
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)
    rates = list(book[words.of("sheet.rates")].iter_rows(min_row=2, values_only=True))
    assert [row[2:4] for row in rates] == [
        (one.visits, one.unverified) for one in revision.report.rates
    ]
    trend = list(book[words.of("sheet.trend")].iter_rows(min_row=2, values_only=True))
    assert [row[2] for row in trend] == [one.appointments for one in revision.report.trend]
    days_sheet = book[words.of("sheet.days")]
    assert days_sheet["A2"].is_date
    counts = [typing.cast(int, row[1].value) for row in days_sheet.iter_rows(min_row=2)]
    assert sum(counts) == rows // 2
    about = " ".join(str(value) for row in book[book.sheetnames[-1]].values for value in row)
    assert words.of("warning") in about
    assert DIGEST in about


def test_a_sheet_that_is_full_goes_on_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ROWS_OF_A_SHEET == 2**20
    monkeypatch.setattr("streamer.exchange.reports.sheet.ROWS_OF_A_SHEET", 50)
    revision, days = made_report()
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(revision, days, "en")))
    sheets = [name for name in book.sheetnames if name.startswith("Claims")]
    assert sheets == ["Claims", "Claims 2", "Claims 3"]
    assert sum(book[name].max_row - 1 for name in sheets) == 144


def test_what_stands_in_a_cell_is_read_again() -> None:
    texts = ['<b>&amp; "x"</b>', " two  spaces ", "a line\nand another", "Қабылдау", "'", ""]
    file = io.BytesIO()
    with Workbook(file, {"constant_memory": True}) as book:
        sheet = Sheet(book, "S", [SheetColumn("text"), SheetColumn("number", form=MONEY)])
        for text in texts:
            sheet.add((text, Decimal("1E+3")))
        sheet.add((True, None))
        sheet.close()
    made = openpyxl.load_workbook(file)["S"]
    cells = list(made.iter_rows(min_row=2, values_only=True))
    assert cells == [*((text or None, 1000) for text in texts), (True, None)]
    assert made["B2"].number_format == MONEY


def test_nothing_in_a_cell_is_a_formula_or_unreadable() -> None:
    assert [inert(text) for text in ("=1", "+1", "-1", "@a", "\t=1", "a=1")] == [
        "'=1",
        "'+1",
        "'-1",
        "'@a",
        "'\t=1",
        "a=1",
    ]
    assert inert("a\x00b\x1b") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
    assert len(inert("x" * 40_000)) < 32_768


def _empty(report: Report) -> Report:
    return dataclasses.replace(
        report,
        total=type(report.total)(),
        departments=(),
        practitioners=(),
        days=(),
        trend=(),
        rates=(),
        rules=(),
        coverage=(),
        call_backs=(),
        notices=(("something_new", {"count": 3}),),
        errors=dataclasses.replace(
            report.errors, fpir=None, fnir=None, false_accepts=None, false_rejects=None
        ),
    )


@pytest.mark.parametrize("scope", [ScopeKind.SITE, ScopeKind.DEPARTMENT, ScopeKind.PRACTITIONER])
def test_a_report_of_nothing_can_be_written(scope: ScopeKind) -> None:
    revision, _ = made_report()
    report = dataclasses.replace(_empty(revision.report), scope=Scope(scope))
    empty = dataclasses.replace(revision, report=report, changes={})
    assert "something_new" in report_html(empty, [], "kk").decode()
    assert report_pdf(empty, [], "ru").startswith(b"%PDF-")
    assert report_xlsx(empty, [], "en").startswith(b"PK")
