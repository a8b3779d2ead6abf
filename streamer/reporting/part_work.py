"""Judges days of a period and packs their rows. Used by `making`, and by the process that helps it.

One day is in memory at a time. Reading ahead would gain nothing: both are work for the same
interpreter, and two days would be in memory.
"""

import asyncio
from dataclasses import dataclass
from datetime import date

from isal import isal_zlib

from streamer.domain.visit_day import VisitDay
from streamer.reporting.part_task import PartTask
from streamer.reports.coverage import SiteUptime
from streamer.reports.coverage_strips import CoverageStrips
from streamer.reports.judge import Judge
from streamer.reports.part_tally import PartTally
from streamer.reports.report_part import ReportPart
from streamer.reports.risk_found import RiskFound
from streamer.reports.visit_counts import VisitCounts
from streamer.storage.visit_days import OpenPeriod


@dataclass(frozen=True, slots=True)
class ClosedPart:
    """The end of a part.

    Attributes:
        rest: Packed rows of its days that were not certain before.
    """

    rest: tuple[tuple[date, bytes], ...]
    tally: PartTally


class PartWork:
    """Goes through whichever days it is given: `day` for each, `counts`, `close`."""

    def __init__(self, task: PartTask, facts: OpenPeriod) -> None:
        """Begin with no days."""
        uptime = task.uptime
        seen = (task.premises, uptime.intervals, uptime.first_seen, task.as_of)
        full = task.settings.full_coverage
        self._judge = Judge(task.premises, task.settings, SiteUptime(*seen, full))
        self._part = ReportPart(CoverageStrips(*seen), task.explained)
        self._traits = task.traits
        self._facts = facts

    async def day(self, day: date) -> bytes:
        """Judge a day; return its rows that are certain, packed; empty = it has none.

        Raises:
            DatabaseError: It cannot be read.
        """
        facts = await self._facts.day(day, self._traits)
        # Off the loop: the service has other things to do meanwhile.
        return await asyncio.to_thread(self._judged, facts)

    async def counts(self) -> VisitCounts:
        """Return what was counted of its days."""
        return self._part.counts

    async def close(self, risk: RiskFound) -> ClosedPart:
        """Judge what took the whole period; called once, at the end."""
        return await asyncio.to_thread(self._closed, risk)

    def _judged(self, facts: VisitDay) -> bytes:
        lines = self._part.add(self._judge.day(facts))
        return isal_zlib.compress(lines) if lines else b""

    def _closed(self, risk: RiskFound) -> ClosedPart:
        rest = tuple((day, isal_zlib.compress(lines)) for day, lines in self._part.close(risk))
        return ClosedPart(rest, self._part.tally())
