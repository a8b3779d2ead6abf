"""Makes reports by themselves: on schedule, again while late data may come, and at last final.

Used by the site's jobs and by `keeper`. However often and by however many services each is
called, there is one report of a period, and a new revision only where something has changed.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import structlog

from config.settings import ReportSchedule
from streamer.clock import Clock
from streamer.domain.actor import SERVICE
from streamer.domain.job_run import Outcome
from streamer.domain.report.period import Period, PeriodKind
from streamer.errors import DatabaseError, KirdiError
from streamer.reporting.post import ReportPost
from streamer.reporting.runs import ReportRuns
from streamer.storage.open_reports import OpenReports

log = structlog.get_logger(__name__)

# A killed service may have made a revision and not said yet that it is to be sent.
_LOOKED_BACK: Final = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class CatchUp:
    """How much of what was missed is made: the latest so many, within so long."""

    most: int
    look_back: timedelta


CATCH_UP: Final = {
    "day": CatchUp(7, timedelta(days=8)),
    "week": CatchUp(2, timedelta(days=22)),
    "month": CatchUp(2, timedelta(days=70)),
}


def period_name(kind: str) -> Callable[[datetime], str]:
    """Return what names the latest period that had ended at a due moment of the site's."""

    def named(due_local: datetime) -> str:
        ended = Period.containing(PeriodKind(kind), due_local.date()).former
        return f"{ended.first:%Y-%m}" if kind == "month" else ended.first.isoformat()

    return named


def named_period(kind: str, name: str) -> Period:
    """Return the period of a name of `period_name`."""
    return Period.containing(
        PeriodKind(kind), date.fromisoformat(name if name[7:] else f"{name}-01")
    )


class ReportUpkeep:
    """Of one site."""

    def __init__(
        self, runs: ReportRuns, reports: OpenReports, post: ReportPost, clock: Clock
    ) -> None:
        """Keep the collaborators."""
        self._runs = runs
        self._reports = reports
        self._post = post
        self._clock = clock

    async def scheduled(
        self, schedule: ReportSchedule, period: Period, due_at: datetime
    ) -> Outcome:
        """Make a report that is due, and have it sent; as if done once, however often.

        Raises:
            KirdiError: It was not made, or is not known to be sent; to be tried again.
        """
        found = await self._runs.newest_of(period)
        if found is None or found.entry.made_at < due_at:
            found = await self._runs.make(period, SERVICE)
        wanted = await self._post.first(schedule, found.entry)
        entry = found.entry
        return {
            "report_id": str(entry.report_id),
            "revision": entry.number,
            "appointments": entry.appointments,
            "unverified": entry.unverified,
            "destinations": wanted,
        }

    async def remake(self, due_at: datetime, stop: asyncio.Event) -> Outcome:
        """Make what is preliminary again, and have sent what a schedule wants of it.

        Raises:
            DatabaseError: What was made is made.
            KirdiError: Of some no revision could be made; the others are.
        """
        periods = await self._reports.preliminary()
        changed, failed = await self._make(periods, stop)
        wanted = await self._send_later(due_at - _LOOKED_BACK)
        if failed is not None:
            raise failed
        return {"reports": len(periods), "changed": changed, "deliveries": wanted}

    async def finish(self, stop: asyncio.Event) -> int:
        """Make final those whose time for answers is over; return how many.

        Raises:
            DatabaseError: What was made is made.
        """
        periods = await self._reports.preliminary(self._clock.now())
        if not periods:
            return 0
        began = self._clock.now()
        changed, failed = await self._make(periods, stop)
        if failed is not None:
            log.error("report not made final", reason=failed.message)
        await self._send_later(began)
        return changed

    async def _make(
        self, periods: list[Period], stop: asyncio.Event
    ) -> tuple[int, KirdiError | None]:
        changed, failed = 0, None
        for period in periods:
            if stop.is_set():
                break
            began = await self._runs.newest_of(period)
            try:
                made = await self._runs.make(period, SERVICE)
            except DatabaseError:
                raise
            except KirdiError as error:
                failed = error
                continue
            changed += began is None or made.entry.number != began.entry.number
        return changed, failed

    async def _send_later(self, since: datetime) -> int:
        wanted = 0
        for entry in await self._reports.made_since(since):
            wanted += await self._post.later(entry)
        return wanted
