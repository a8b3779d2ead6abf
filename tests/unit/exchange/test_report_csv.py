"""A report's rows as a spreadsheet takes them: one line each, and no formulas."""

import csv
import io
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from streamer.domain.report.period import Period
from streamer.domain.report.revision import ReportState, RevisionEntry
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.verdict import VerdictKind
from streamer.exchange.report_csv import COLUMNS, csv_file

AT = datetime(2026, 7, 1, 4, 30, tzinfo=UTC)


def test_cells() -> None:
    row = ReportRow(
        *(RowKind.APPOINTMENT, "=1+1", "P-1", "-D", "Терапия", "@S", 'Приём, "первый"', AT),
        status="fulfilled",
        verdict=VerdictKind.UNVERIFIED,
        covered=1.0,
        took_place=True,
    )
    day = date(2026, 7, 1)
    kept = RevisionEntry(
        *(UUID(int=7), 3, Period.of(day, day), ReportState.FINAL, AT, "nina", b"", AT, 1, 1)
    )
    pieces = list(csv_file(kept, [(day, (row,)), (day, ())], ZoneInfo("Asia/Almaty")))
    text = b"".join(pieces)
    assert text.startswith(b"\xef\xbb\xbfreport_id,")
    header, cells = csv.reader(io.StringIO(text.decode("utf-8-sig")))
    assert tuple(header) == COLUMNS
    told = dict(zip(header, cells, strict=True))
    assert (told["report_id"], told["revision"]) == (str(UUID(int=7)), "3")
    assert (told["ref"], told["practitioner_ref"], told["service_code"]) == ("'=1+1", "'-D", "'@S")
    assert told["service_name"] == 'Приём, "первый"'
    assert told["at"] == "2026-07-01T09:30:00+05:00"
    assert (told["verdict"], told["covered"], told["amount"]) == ("unverified", "1", "")
    assert (told["took_place"], told["certain"]) == ("true", "false")
