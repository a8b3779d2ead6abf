"""When each entrance was analysed while patients were due, by day. Pure; for `report_part`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from streamer.domain.coverage import Coverage
from streamer.domain.judged_day import JudgedDay
from streamer.domain.report.coverage_strip import CoverageStrip, Gap
from streamer.domain.uptime_interval import UptimeInterval
from streamer.reports.coverage import SiteUptime
from streamer.reports.premises import Entrance, Premises


class CoverageStrips:
    """Of one site and period."""

    def __init__(
        self,
        premises: Premises,
        intervals: Iterable[UptimeInterval],
        first_seen: Mapping[str, datetime],
        as_of: datetime,
    ) -> None:
        """Work out each entrance's timeline; the arguments are those of `SiteUptime`."""
        known = tuple(intervals)
        self._entrances: list[tuple[Entrance, SiteUptime]] = []
        for entrance in premises.entrances:
            alone = replace(premises, buildings=(entrance.building,), entrances=(entrance,))
            self._entrances.append((entrance, SiteUptime(alone, known, first_seen, as_of)))

    def of_day(self, day: JudgedDay) -> Iterator[CoverageStrip]:
        """Yield a strip for each entrance of a building in which somebody was due."""
        due: dict[str | None, tuple[datetime, datetime]] = {}
        last: dict[str | None, Coverage] = {}
        for one in day.appointments:
            window, building = one.verdict.coverage, one.appointment.building
            # Those that begin together mostly have one window.
            if window is None or window is last.get(building):
                continue
            last[building] = window
            opens, closes = due.get(building, (window.starts_at, window.ends_at))
            due[building] = (min(opens, window.starts_at), max(closes, window.ends_at))
        for entrance, uptime in self._entrances:
            spans = [due[one] for one in (entrance.building, None) if one in due]
            if not spans:
                continue
            opens, closes = min(one[0] for one in spans), max(one[1] for one in spans)
            share = uptime.coverage(entrance.building, opens, closes).share
            gaps = uptime.gaps(entrance.building, opens, closes)
            yield CoverageStrip(
                entrance.building,
                entrance.name,
                day.day,
                opens,
                closes,
                round(share, 4),
                tuple(Gap(begin, end, cause) for begin, end, cause in gaps),
            )
