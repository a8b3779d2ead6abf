"""Makes a report: reads its days, has them judged, writes their rows, adds up. Used by `runs`.

A long one is made by two processes (`helper`): each takes the next day that nobody has taken yet.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

import structlog

from config.settings import Reports
from streamer.backend import Backend
from streamer.cameras.overlay_file import OverlayFile
from streamer.domain.chain_head import ChainHead
from streamer.domain.report.period import Period
from streamer.domain.report.report import Report
from streamer.domain.report.row import ReportRow
from streamer.processors import processors
from streamer.reporting.error_accounting import error_accounting
from streamer.reporting.frames import Begin
from streamer.reporting.helper import Helper, NoHelpError
from streamer.reporting.matcher_known import matcher_known
from streamer.reporting.notices import notices_of
from streamer.reporting.part_task import PartTask
from streamer.reporting.part_work import ClosedPart, PartWork
from streamer.reporting.premises import premises_of, wants_of
from streamer.reports.report_maker import ReportFacts, ReportMaker, ReportSite
from streamer.reports.report_rows import Explained
from streamer.reports.risk import PeriodRisk
from streamer.reports.risk_found import RiskFound
from streamer.reports.row_json import row_of
from streamer.reports.visit_counts import VisitCounts
from streamer.storage.reports import OpenRevision
from streamer.storage.visit_days import OpenPeriod

log = structlog.get_logger(__name__)

HELPED_FROM: Final = 20_000
"""Appointments and claims from which on a second process saves more time than its start takes."""
TREND: Final = 12
"""How many earlier periods are told beside a report's own."""

Progress = Callable[[int, int], None]
"""Called with how many days are done, and how many there are."""


class Answers(Protocol):
    """Knows which answers of practitioners were accepted."""

    async def explained(self, period: Period) -> Explained:
        """Return those about visits of a period."""
        ...


class _Hands(Protocol):
    """Whoever judges days: this process or the helping one."""

    async def day(self, day: date) -> bytes: ...

    async def counts(self) -> VisitCounts: ...

    async def close(self, risk: RiskFound) -> ClosedPart: ...


@dataclass(frozen=True, slots=True)
class MadeReport:
    """A report with the digests of its days; their rows are written."""

    report: Report
    day_digests: tuple[bytes, ...]


class ReportMaking:
    """Of one site."""

    def __init__(self, backend: Backend, answers: Answers, helped_from: int = HELPED_FROM) -> None:
        """Keep the collaborators; `helped_from` visits on two processes make a report."""
        self._backend = backend
        self._answers = answers
        self._helped_from = helped_from

    async def make(
        self, writing: OpenRevision, now: datetime, progress: Progress | None
    ) -> MadeReport:
        """Make the report of `writing`'s period as of now, and write its rows.

        Raises:
            ConfigError: Cameras were added, and their file cannot be read.
            DatabaseError: It refuses.
            VaultError: A profile does not open.
            KirdiError: The process that helped died.
        """
        backend, period = self._backend, writing.period
        # With the cameras that were added while the service ran.
        overlay = await asyncio.to_thread(OverlayFile(backend.home).read)
        settings = overlay.over(backend.settings)
        explained = await self._answers.explained(period)
        checkpoint = checkpoint_of(await backend.audit_log.heads())
        known = await matcher_known(backend, period)
        trend = await backend.reports.former(period, TREND)
        days = (period.first, period.last)
        wants = wants_of(settings)
        async with backend.visit_days.opened(days, wants) as facts:
            task = PartTask(
                site_id=settings.site.id,
                zone=settings.site.zone,
                period=days,
                wants=wants,
                premises=premises_of(settings),
                settings=settings.reports,
                uptime=await facts.uptime(),
                traits=await facts.traits(backend.database.vault),
                as_of=now,
                explained=explained,
            )
            risk, parts = await self._parts(task, facts, _Rows(writing, progress))
        site = ReportSite(settings.site.id, settings.site.name, settings.site.time_zone, period)
        tallies = [part.tally for part in parts]
        maker = await asyncio.to_thread(ReportMaker, site, settings.reports, risk, tallies)
        asked, _ = await asyncio.gather(
            _asked(writing, maker.drawn()), asyncio.to_thread(maker.add_up)
        )
        found = ReportFacts(
            data_until=now,
            audit_checkpoint=checkpoint,
            errors=error_accounting(known, maker.by_face),
            trend=trend,
            notices=tuple(notices_of(settings, task.premises, known, period, now)),
        )
        report = await asyncio.to_thread(maker.report, asked, found)
        return MadeReport(report, maker.day_digests)

    async def _parts(
        self, task: PartTask, facts: OpenPeriod, rows: "_Rows"
    ) -> tuple[PeriodRisk, list[ClosedPart]]:
        """Go through all days, alone or with help."""
        begin = await self._help(task, facts)
        meeting = _Meeting(1 if begin is None else 2, task.settings)
        try:
            async with asyncio.TaskGroup() as tasks:
                own = tasks.create_task(_part(PartWork(task, facts), rows, meeting))
                if begin is not None:
                    helped = tasks.create_task(_helped(begin, rows, meeting))
        except BaseExceptionGroup as several:
            # One failed, and the other was cancelled for it.
            first = several.exceptions[0]
            raise first from first.__cause__
        parts = [own.result(), None if begin is None else helped.result()]
        return meeting.risk, [part for part in parts if part is not None]

    async def _help(self, task: PartTask, facts: OpenPeriod) -> Begin | None:
        """Return what a helping process is to do; None = it is not worth its start."""
        if processors() < 2:
            return None
        if await facts.visits(self._helped_from) < self._helped_from:
            return None
        return Begin(task, self._backend.database.postgres.access, await facts.moment())


async def _asked(writing: OpenRevision, drawn: Mapping[date, Sequence[int]]) -> Sequence[ReportRow]:
    """Read rows back by their places, in order of their days."""
    found: list[ReportRow] = []
    for day, places in drawn.items():
        lines = await writing.lines_at(day, places)
        found += [row_of(lines[place]) for place in places]
    return found


class _Rows:
    """Hands out days, each once, and writes their rows, one at a time."""

    def __init__(self, writing: OpenRevision, progress: Progress | None) -> None:
        self._writing = writing
        self._progress = progress
        self._days = writing.period.days
        self._left = iter(range(self._days))
        self._done = 0
        self._turn = asyncio.Lock()

    async def judged_by(self, hands: _Hands) -> None:
        """Have whatever days are left judged, as long as there are any."""
        for number in self._left:
            day = self._writing.period.first + timedelta(days=number)
            rows = await hands.day(day)
            if rows:
                await self.write(day, 0, rows)
            self._done += 1
            if self._progress is not None:
                self._progress(self._done, self._days)

    async def write(self, day: date, part: int, rows: bytes) -> None:
        """Write packed rows."""
        async with self._turn:
            await self._writing.add(day, part, rows)


class _Meeting:
    """Where all parts come together once their days are counted: only then is a risk known."""

    def __init__(self, parts: int, settings: Reports) -> None:
        self._awaited = parts
        self._all_here = asyncio.Event()
        self._settings = settings
        self._counts = VisitCounts()
        self._working_out = asyncio.Lock()
        self._risk: PeriodRisk | None = None

    async def counted(self, counts: VisitCounts) -> PeriodRisk:
        """Add what a part has counted, wait for the others, and return what it all comes to."""
        self._counts.join(counts)
        self.leave()
        await self._all_here.wait()
        async with self._working_out:
            if self._risk is None:
                given = self._counts.counts, self._settings
                self._risk = await asyncio.to_thread(PeriodRisk, *given)
        return self._risk

    def leave(self) -> None:
        """Have nobody wait for one of the parts: it has counted, or never began."""
        self._awaited -= 1
        if not self._awaited:
            self._all_here.set()

    @property
    def risk(self) -> PeriodRisk:
        """What all counts came to, once there was a part that waited for it."""
        assert self._risk is not None
        return self._risk


async def _part(hands: _Hands, rows: _Rows, meeting: _Meeting) -> ClosedPart:
    await rows.judged_by(hands)
    risk = await meeting.counted(await hands.counts())
    closed = await hands.close(risk.found)
    for day, rest in closed.rest:
        await rows.write(day, 1, rest)
    return closed


async def _helped(begin: Begin, rows: _Rows, meeting: _Meeting) -> ClosedPart | None:
    try:
        async with Helper.helping(begin) as helper:
            return await _part(helper, rows, meeting)
    except NoHelpError as error:
        # It had no day yet: nothing is lost but time.
        log.warning("a long report is made by one process", reason=str(error))
        meeting.leave()
        return None


def checkpoint_of(heads: Iterable[ChainHead]) -> str:
    """Return the digest of the audit's ends, hex: lane, sequence and hash of each chain."""
    digest = hashlib.sha256()
    for one in sorted(heads, key=lambda head: head.lane):
        digest.update(f"{one.lane}:{one.sequence}:{one.hash.hex()}\n".encode())
    return digest.hexdigest()
