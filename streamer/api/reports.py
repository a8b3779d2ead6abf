"""Reports for `web.report_ports.Reports`: made in the background, read, told, given out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import structlog

from streamer.api.report_pseudonyms import PseudonymousReport
from streamer.backend import Backend
from streamer.crypto.pseudonyms import Pseudonyms
from streamer.domain.actor import Actor
from streamer.domain.consent import Language
from streamer.domain.report.delivery import DeliveryEntry
from streamer.domain.report.period import Period
from streamer.domain.report.revision import Revision, RevisionEntry
from streamer.domain.report.row import ReportRow
from streamer.domain.report.rows_wanted import RowsWanted
from streamer.domain.verdict import VerdictKind
from streamer.errors import InputError, KirdiError
from streamer.exchange.reports.report_html import report_body, report_style
from streamer.exchange.reports.row_content import (
    row_cells,
    row_columns,
    row_details,
    wanted_words,
    why_answerable,
)
from streamer.exchange.reports.words import Words
from streamer.reporting.forms import FORMS, pulled
from streamer.reporting.runs import ReportRuns
from streamer.reports.report_extract import within
from streamer.reports.wanted_rows import wanted_rows
from streamer.web.report_ports import (
    FoundRows,
    Links,
    Making,
    MakingState,
    ReportAsked,
    ReportForm,
    ToldRow,
    ToldRows,
)

log = structlog.get_logger(__name__)

_DELIVERIES: Final = 500
Day = tuple[date, tuple[ReportRow, ...]]


class ApiReports:
    """Of one site; makes one report at a time, and writes one large file at a time."""

    def __init__(
        self, backend: Backend, runs: ReportRuns, stop: asyncio.Event | None = None
    ) -> None:
        """Keep the collaborators; `stop` ends a making that has not ended."""
        self._backend = backend
        self._runs = runs
        self._stop = stop or asyncio.Event()
        self._hidden = PseudonymousReport(Pseudonyms(backend.database.secrets.derive))
        self._making = Making(MakingState.NONE)
        self._task: asyncio.Task[None] | None = None
        self._one_file = asyncio.Lock()

    async def entries(self) -> Sequence[RevisionEntry]:
        """See `web.report_ports`."""
        return await self._runs.entries()

    @property
    def making(self) -> Making:
        """How the last making goes."""
        return self._making

    async def make(self, period: Period, by: Actor) -> Making:
        """Begin; raises InputError, and KirdiError while another is being made."""
        if self._task is not None and not self._task.done():
            raise KirdiError(
                "another report is being made; wait for it, then ask again", code="report_busy"
            )
        now = self._backend.clock.now().astimezone(self._backend.settings.site.zone)
        if period.first > now.date():
            raise InputError(
                f"{period.first}: lies in the future; there is nothing to report yet",
                code="report_future",
            )
        self._making = Making(MakingState.RUNNING, period, 0, period.days)
        self._task = asyncio.create_task(self._make(period, by), name="report")
        return self._making

    async def _make(self, period: Period, by: Actor) -> None:
        def progress(done: int, days: int) -> None:
            self._making = replace(self._making, done=done, days=days)

        work = asyncio.create_task(self._runs.make(period, by, progress), name="report-work")
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not work.done():
            # What was written is undone with its transaction.
            work.cancel()
            await asyncio.wait({work})
            self._failed("the service is stopping; nothing was kept", "report_stopped")
            return
        error = work.exception()
        if error is None:
            entry = work.result().entry
            self._making = replace(
                self._making,
                state=MakingState.DONE,
                done=period.days,
                report_id=entry.report_id,
                number=entry.number,
            )
        elif isinstance(error, KirdiError):
            self._failed(str(error), error.code)
        else:
            # Its words may hold what was read.
            log.error("report not made", kind=type(error).__name__)
            self._failed("a fault of the service; its log tells more", "report_fault")

    def _failed(self, why: str, code: str) -> None:
        self._making = replace(self._making, state=MakingState.FAILED, error=why, code=code or None)

    async def read(self, asked: ReportAsked, by: Actor) -> Revision:
        """See `web.report_ports`."""
        revision = await self._runs.revision(asked.report_id, asked.number, asked.scope)
        await self._runs.record(revision, by, "read")
        return self._shown(asked, revision)

    def _shown(self, asked: ReportAsked, revision: Revision) -> Revision:
        report = revision.report
        if asked.own:
            report = replace(report, call_backs=())
        if asked.pseudonymous:
            report = self._hidden.report(report)
        return replace(revision, report=report)

    async def header(self, asked: ReportAsked) -> Revision:
        """See `web.report_ports`."""
        return self._shown(asked, await self._runs.revision(asked.report_id, asked.number))

    async def rows(self, asked: ReportAsked, day: date, by: Actor) -> Sequence[ReportRow]:
        """See `web.report_ports`; of a part only that part's rows are read into memory for long."""
        # The whole's header is at hand at once; a part's own would take all of its days.
        whole = await self._runs.revision(asked.report_id, asked.number)
        period = whole.entry.period
        if not period.first <= day <= period.last:
            raise InputError(f"{day}: is not in this report")
        rows = await self._runs.rows_of(whole, day)
        found = tuple(row for row in rows if within(asked.scope, row))
        scope = asked.scope
        await self._runs.record(
            whole,
            by,
            "read",
            (("day", day.isoformat()), ("rows_of", scope.value or scope.kind.value)),
        )
        return await self._told_to(asked, found)

    async def find(self, asked: ReportAsked, wanted: RowsWanted, by: Actor, most: int) -> FoundRows:
        """See `web.report_ports`; a day is in memory at a time."""
        whole = await self._runs.revision(asked.report_id, asked.number)
        period = whole.entry.period
        if wanted.day is not None and not period.first <= wanted.day <= period.last:
            raise InputError(f"{wanted.day}: is not in this report")
        told = "all" if wanted.day is None else wanted.day.isoformat()
        scope = asked.scope
        detail = (("day", told), ("rows_of", scope.value or scope.kind.value))
        await self._runs.record(whole, by, "read", detail)
        days = [period.first + timedelta(days=place) for place in range(period.days)]
        found: list[ReportRow] = []
        for day in days if wanted.day is None else [wanted.day]:
            lines = await self._runs.lines_of(whole, day)
            rows = await asyncio.to_thread(wanted_rows, lines, scope, wanted)
            found += (
                row
                for row in await self._told_to(asked, rows)
                if wanted.ref is None or row.ref == wanted.ref
            )
            if len(found) > most:
                break
        return FoundRows(tuple(found[:most]), len(found) > most)

    async def _told_to(
        self, asked: ReportAsked, rows: tuple[ReportRow, ...]
    ) -> tuple[ReportRow, ...]:
        if not asked.pseudonymous:
            return rows
        ids = {UUID(row.patient_id) for row in rows}
        agreed = await self._backend.people_reader.told_to_payer(ids) if ids else frozenset()
        return self._hidden.rows(row for row in rows if UUID(row.patient_id) in agreed)

    async def body(
        self, asked: ReportAsked, revision: Revision, language: Language, links: Links
    ) -> str:
        """See `web.report_ports`."""
        fixed = replace(asked, number=revision.entry.number)
        days = pulled(self._days(fixed), asyncio.get_running_loop())
        return await asyncio.to_thread(report_body, revision, days, language, links)

    async def _days(self, asked: ReportAsked) -> AsyncIterator[Day]:
        whole = await self._runs.revision(asked.report_id, asked.number)
        async for day, rows in self._runs.rows(whole):
            own = tuple(row for row in rows if within(asked.scope, row))
            yield day, await self._told_to(asked, own)

    def style(self) -> str:
        """See `web.report_ports`."""
        return report_style()

    def told(
        self,
        revision: Revision,
        rows: Sequence[ReportRow],
        language: Language,
        *,
        dated: bool = False,
    ) -> ToldRows:
        """See `web.report_ports`."""
        report = revision.report
        words = Words(language, report.zone)
        return ToldRows(
            row_columns(words),
            tuple(
                ToldRow(
                    row.kind,
                    row.ref,
                    words.local(row.at).date(),
                    row_cells(row, report, words, dated=dated),
                    tuple(row_details(row, report, words)),
                )
                for row in rows
            ),
        )

    def said(self, wanted: RowsWanted, language: Language) -> Sequence[str]:
        """See `web.report_ports`."""
        return wanted_words(wanted, Words(language, self._backend.settings.site.time_zone))

    def why_answerable(self, row: ReportRow, language: Language) -> Sequence[str]:
        """See `web.report_ports`."""
        return why_answerable(row, Words(language, self._backend.settings.site.time_zone))

    def choices(self, language: Language) -> Mapping[str, str]:
        """See `web.report_ports`."""
        words = Words(language, self._backend.settings.site.time_zone)
        return {kind.value: words.of(f"verdicts.{kind.value}") for kind in VerdictKind}

    def periods(self, entries: Sequence[RevisionEntry], language: Language) -> Sequence[str]:
        """See `web.report_ports`."""
        words = Words(language, self._backend.settings.site.time_zone)
        return [words.period(one.period) for one in entries]

    async def deliveries(self, report_id: UUID) -> Sequence[DeliveryEntry]:
        """See `web.report_ports`."""
        await self._backend.reports.revision(report_id)
        return await self._backend.report_deliveries.listed(report_id=report_id, most=_DELIVERIES)

    async def form(
        self, asked: ReportAsked, form: ReportForm, language: Language, by: Actor
    ) -> AsyncIterator[bytes]:
        """See `web.report_ports`."""
        revision = await self._runs.revision(asked.report_id, asked.number, asked.scope)
        # On record before anybody can have the file.
        await self._runs.record(revision, by, "export", (("form", form.value),))
        fixed = replace(asked, number=revision.entry.number)
        days = pulled(self._days(fixed), asyncio.get_running_loop())
        shown = self._shown(asked, revision)
        return self._pieces(lambda: FORMS[form.value](shown, days, language))

    async def _pieces(self, begin: Callable[[], Iterator[bytes]]) -> AsyncIterator[bytes]:
        async with self._one_file:
            pieces = begin()
            while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                yield piece

    async def verify(self, asked: ReportAsked, digest: bytes, by: Actor) -> bool:
        """See `web.report_ports`."""
        revision = await self._runs.revision(asked.report_id, asked.number, asked.scope)
        sound = revision.digest == digest
        await self._runs.record(revision, by, "verify", (("what", "printed"), ("sound", sound)))
        return sound
