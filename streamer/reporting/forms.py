"""The forms a report can be written in, by name. Used by `kirdi report`, the console, the schedule.

Each yields the file's content in pieces, from a revision and its rows, a day at a time; blocking.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from streamer.domain.consent import Language
from streamer.domain.report.revision import Revision
from streamer.domain.report.row import ReportRow
from streamer.exchange.report_csv import csv_file
from streamer.exchange.reports.report_html import report_html
from streamer.exchange.reports.report_pdf import report_pdf
from streamer.exchange.reports.report_xlsx import report_xlsx
from streamer.reports.report_file import json_file

Days = Iterable[tuple[date, tuple[ReportRow, ...]]]
Form = Callable[[Revision, Days, Language], Iterator[bytes]]


def _json(revision: Revision, days: Days, _language: Language) -> Iterator[bytes]:
    return json_file(revision, days)


def _csv(revision: Revision, days: Days, _language: Language) -> Iterator[bytes]:
    return csv_file(revision.entry, days, ZoneInfo(revision.report.zone))


def _pdf(revision: Revision, days: Days, language: Language) -> Iterator[bytes]:
    yield report_pdf(revision, days, language)


def _html(revision: Revision, days: Days, language: Language) -> Iterator[bytes]:
    yield report_html(revision, days, language)


def _xlsx(revision: Revision, days: Days, language: Language) -> Iterator[bytes]:
    yield report_xlsx(revision, days, language)


FORMS: Final[Mapping[str, Form]] = {
    "json": _json,
    "csv": _csv,
    "pdf": _pdf,
    "html": _html,
    "xlsx": _xlsx,
}
"""Names as in `--format`; the file's ending is the same."""


def pulled(
    days: AsyncIterator[tuple[date, tuple[ReportRow, ...]]], loop: asyncio.AbstractEventLoop
) -> Iterator[tuple[date, tuple[ReportRow, ...]]]:
    """Yield days in another thread than the loop's, which reads them: a day is in memory."""
    while True:
        found = asyncio.run_coroutine_threadsafe(_next(days), loop).result()
        if found is None:
            return
        yield found


async def _next(
    days: AsyncIterator[tuple[date, tuple[ReportRow, ...]]],
) -> tuple[date, tuple[ReportRow, ...]] | None:
    return await anext(days, None)
