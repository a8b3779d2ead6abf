"""A report on its way, for the tests of deliveries."""

import ssl
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from streamer.domain.report.parcel import Parcel, ReportFile
from streamer.domain.report.period import Period, PeriodKind
from streamer.domain.report.revision import ReportState

NOW = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)
LINK = "https://kirdi.clinic.example/reports/1"
SECRET = "a-secret-of-thirty-two-characters"
FILES = (
    ReportFile("report.pdf", "application/pdf", b"%PDF-1.7 p-4711 \x00\xff" * 500),
    ReportFile("report.csv", "text/csv", "ref,Қала\r\np-4711,1\r\n".encode()),
)


def parcel(*, files: bool = True, link: bool = False, language: str = "kk") -> Parcel:
    """A revision of a week, with its files or a link."""
    return Parcel(
        delivery_id=UUID(int=7),
        report_id=UUID(int=1),
        number=2,
        period=Period(PeriodKind.WEEK, date(2026, 11, 23), date(2026, 11, 29)),
        state=ReportState.PRELIMINARY,
        site_id="polyclinic-1",
        site_name="№1 емхана",
        language=language,
        digest="0123 4567",
        made_at=NOW,
        link=LINK if link else None,
        files=FILES if files else (),
    )


def serving(cert: Path, key: Path) -> ssl.SSLContext:
    """A server's context with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context
