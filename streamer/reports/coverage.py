"""When which building's entrances were analysed, from what cameras and service were doing. Pure.

Conservative by design: what is not known to have been covered was not. See docs/reports.md.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from streamer.domain.camera_state import CameraStatus
from streamer.domain.coverage import Coverage, UnknownCause
from streamer.domain.uptime_interval import UptimeInterval
from streamer.reports.premises import Premises

# Where several things are wrong at once, the first of these is told.
_WORST: Final = (
    UnknownCause.SERVICE_DOWN,
    UnknownCause.OUTSIDE_COVERAGE,
    UnknownCause.CAMERA_DOWN,
    UnknownCause.CAMERA_DEGRADED,
)
_DOWN: Final = frozenset({CameraStatus.DOWN, CameraStatus.STALLED, CameraStatus.STARTING})
# How many windows are remembered: those of a day's appointments are few.
_REMEMBERED: Final = 4096

_Covered = UnknownCause | None


class SiteUptime:
    """What every camera of a site was doing; asked for windows."""

    def __init__(
        self,
        premises: Premises,
        intervals: Iterable[UptimeInterval],
        first_seen: Mapping[str, datetime],
        as_of: datetime,
        full_share: float = 0.95,
    ) -> None:
        """Work out each building's timeline.

        Args:
            premises: Which camera looks at which entrance.
            intervals: Of all cameras, overlapping the windows that will be asked for; those of one
                camera do not overlap.
            first_seen: When each camera that was ever in use began; before that it was not there.
            as_of: Aware; nothing is known of what comes after.
            full_share: Of a window, from which on it is covered in full.
        """
        self._as_of = as_of
        self._full_share = full_share
        self._buildings = premises.buildings
        watch = _Watch(premises, tuple(intervals), first_seen)
        lines = watch.lines()
        self._entrances: dict[str | None, _Line] = {
            building: lines[building] for building in premises.buildings
        }
        self._entrances[None] = lines[None]
        self._service = lines[_SERVICE]
        self._kiosks = {building: lines[_KIOSK, building] for building in premises.buildings}
        self._code_desks = premises.code_desks
        self._windows: dict[tuple[object, ...], Coverage] = {}

    def coverage(
        self,
        building: str | None,
        starts_at: datetime,
        ends_at: datetime,
        known_since: datetime | None = None,
    ) -> Coverage:
        """Return how much of a window the building's patient entrances were all analysed.

        Args:
            building: None, or one the site does not have = all of them.
            starts_at: Aware; half-open.
            ends_at: After `starts_at`.
            known_since: Nobody looked for the patient before that; None = somebody did.
        """
        key = (building, starts_at, ends_at, known_since)
        found = self._windows.get(key)
        if found is None:
            if len(self._windows) >= _REMEMBERED:
                self._windows.clear()
            found = self._windows[key] = self._coverage(building, starts_at, ends_at, known_since)
        return found

    def gaps(
        self, building: str | None, starts_at: datetime, ends_at: datetime
    ) -> Iterator[tuple[datetime, datetime, UnknownCause]]:
        """Yield when within a window not all of the building's entrances were analysed, and why.

        What lies after `as_of` is none: nothing is known of it.
        """
        line = self._entrances[building if building in self._entrances else None]
        start, end = starts_at.timestamp(), min(ends_at, self._as_of).timestamp()
        for begin, until, cause in line.spans(start, end):
            if cause is not None:
                yield datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(until, UTC), cause

    def desk_open(self, building: str | None, starts_at: datetime, ends_at: datetime) -> bool:
        """Could a code be shown for long enough of a window, in the building or (None) anywhere?"""
        buildings = self._buildings if building not in self._kiosks else (building,)
        start, end = starts_at.timestamp(), min(ends_at, self._as_of).timestamp()
        wanted = (end - start) * self._full_share
        for one in buildings:
            if one is None or end <= start:
                continue
            line = self._service if one in self._code_desks else self._kiosks[one]
            if line.covered(start, end) >= wanted:
                return True
        return False

    def _coverage(
        self,
        building: str | None,
        starts_at: datetime,
        ends_at: datetime,
        known_since: datetime | None,
    ) -> Coverage:
        line = self._entrances[building if building in self._entrances else None]
        start, end = starts_at.timestamp(), ends_at.timestamp()
        begin = start if known_since is None else min(end, max(start, known_since.timestamp()))
        until = max(begin, min(end, self._as_of.timestamp()))
        missing = {cause: line.missing(cause, begin, until) for cause in _WORST}
        missing[UnknownCause.NOT_KNOWN_THEN] = begin - start
        missing[UnknownCause.NOT_OVER] = end - until
        share = line.covered(begin, until) / (end - start)
        cause, most = max(missing.items(), key=lambda item: item[1])
        return Coverage(
            building=building,
            starts_at=starts_at,
            ends_at=ends_at,
            share=min(1.0, share),
            full=share >= self._full_share,
            cause=cause if most > 0 else None,
        )


@dataclass(frozen=True, slots=True)
class _Line:
    """A step function over time: covered, or why not. Times are seconds since 1970."""

    starts: Sequence[float]
    causes: Sequence[_Covered]
    totals: Mapping[_Covered, Sequence[float]]

    def covered(self, start: float, end: float) -> float:
        """Seconds of a window that were covered."""
        return self._within(None, start, end)

    def missing(self, cause: UnknownCause, start: float, end: float) -> float:
        """Seconds of a window that were not, for this reason."""
        return self._within(cause, start, end)

    def spans(self, start: float, end: float) -> Iterator[tuple[float, float, _Covered]]:
        """Yield the steps of a window, cut to it."""
        place = max(0, bisect_right(self.starts, start) - 1)
        while start < end:
            after = self.starts[place + 1] if place + 1 < len(self.starts) else end
            yield start, min(after, end), self.causes[place]
            start, place = min(after, end), place + 1

    def _within(self, cause: _Covered, start: float, end: float) -> float:
        totals = self.totals.get(cause)
        if totals is None or end <= start:
            return 0.0
        return self._until(cause, totals, end) - self._until(cause, totals, start)

    def _until(self, cause: _Covered, totals: Sequence[float], moment: float) -> float:
        place = bisect_right(self.starts, moment) - 1
        if place < 0:
            # Before all that is known, where the first step's cause holds.
            return moment - self.starts[0] if self.causes[0] is cause else 0.0
        running = moment - self.starts[place] if self.causes[place] is cause else 0.0
        return totals[place] + running


def _line(steps: Sequence[tuple[float, _Covered]]) -> _Line:
    """Put equal neighbours together and add up."""
    starts: list[float] = []
    causes: list[_Covered] = []
    for start, cause in steps:
        if not causes or cause is not causes[-1]:
            starts.append(start)
            causes.append(cause)
    totals: dict[_Covered, list[float]] = {cause: [0.0] for cause in causes}
    for place in range(1, len(starts)):
        length = starts[place] - starts[place - 1]
        for cause, sums in totals.items():
            sums.append(sums[-1] + (length if causes[place - 1] is cause else 0.0))
    return _Line(starts, causes, totals)


_SERVICE: Final = ("service",)
_KIOSK: Final = "kiosk"


class _Watch:
    """Walks through all changes in order and says what they mean for each building."""

    def __init__(
        self,
        premises: Premises,
        intervals: Sequence[UptimeInterval],
        first_seen: Mapping[str, datetime],
    ) -> None:
        self._premises = premises
        self._changes = _changes(intervals)
        self._now: dict[str, CameraStatus] = {}
        self._first_seen = {camera: at.timestamp() for camera, at in first_seen.items()}
        for one in intervals:
            at = one.started_at.timestamp()
            if at < self._first_seen.get(one.camera_id, at + 1):
                self._first_seen[one.camera_id] = at
        self._began = min(self._first_seen.values(), default=None)
        # Cameras that the settings do not name any more: nobody knows which door they looked at.
        strangers: dict[str, float] = {}
        for one in intervals:
            if one.camera_id not in premises.known_cameras:
                end = one.ended_at.timestamp()
                strangers[one.camera_id] = max(end, strangers.get(one.camera_id, end))
        self._strangers = strangers
        self._own = {
            building: [one for one in premises.entrances if one.building == building]
            for building in premises.buildings
        }

    def lines(self) -> dict[object, _Line]:
        """Return the timelines of entrances by building (None = all), of service and kiosks."""
        kiosks = {building: self._kiosk(building) for building in self._premises.buildings}
        steps: dict[object, list[tuple[float, _Covered]]] = {
            building: [] for building in self._premises.buildings
        }
        steps[None], steps[_SERVICE] = [], []
        for building in kiosks:
            steps[_KIOSK, building] = []
        moments = sorted(self._changes.keys() | set(self._first_seen.values()))
        # A first step before everything, so that any window has one.
        for moment in (moments[0] - 1.0 if moments else 0.0, *moments):
            for camera, status in self._changes.get(moment, ()):
                if status is None:
                    self._now.pop(camera, None)
                else:
                    self._now[camera] = status
            away = self._away(moment)
            steps[_SERVICE].append((moment, away))
            found = [self._building(one, moment, away) for one in self._premises.buildings]
            for building, cause in zip(self._premises.buildings, found, strict=True):
                steps[building].append((moment, cause))
                steps[_KIOSK, building].append((moment, kiosks[building](away)))
            steps[None].append((moment, _worst(found)))
        return {name: _line(those) for name, those in steps.items()}

    def _away(self, moment: float) -> _Covered:
        if self._now:
            return None
        began = self._began
        before = began is None or moment < began
        return UnknownCause.OUTSIDE_COVERAGE if before else UnknownCause.SERVICE_DOWN

    def _building(self, building: str, moment: float, away: _Covered) -> _Covered:
        if away is not None:
            return away
        own = self._own[building]
        if not own:
            return UnknownCause.OUTSIDE_COVERAGE
        causes = [self._entrance(one.cameras, moment) for one in own]
        causes += [
            self._entrance(frozenset({camera}), moment)
            for camera, until in self._strangers.items()
            if self._first_seen[camera] <= moment < until
        ]
        return _worst(causes)

    def _entrance(self, cameras: frozenset[str], moment: float) -> _Covered:
        """All of an entrance's cameras count, but those that somebody has switched off."""
        statuses = {self._now[camera] for camera in cameras if camera in self._now}
        working = statuses - {CameraStatus.DISABLED}
        if working & _DOWN:
            return UnknownCause.CAMERA_DOWN
        if CameraStatus.DEGRADED in working:
            return UnknownCause.CAMERA_DEGRADED
        if working:
            return None
        there = any(self._first_seen.get(camera, moment + 1) <= moment for camera in cameras)
        return UnknownCause.CAMERA_DOWN if there else UnknownCause.OUTSIDE_COVERAGE

    def _kiosk(self, building: str) -> Callable[[_Covered], _Covered]:
        own = [camera for camera, place in self._premises.kiosks.items() if place == building]

        def state(away: _Covered) -> _Covered:
            if away is not None:
                return away
            streaming = any(self._now.get(camera) is CameraStatus.STREAMING for camera in own)
            return None if streaming else UnknownCause.CAMERA_DOWN

        return state


def _changes(
    intervals: Iterable[UptimeInterval],
) -> dict[float, list[tuple[str, CameraStatus | None]]]:
    """Return what changes when; at one moment ends come before beginnings."""
    changes: dict[float, list[tuple[str, CameraStatus | None]]] = {}
    for one in intervals:
        if one.ended_at > one.started_at:
            ends = changes.setdefault(one.ended_at.timestamp(), [])
            ends.insert(0, (one.camera_id, None))
            changes.setdefault(one.started_at.timestamp(), []).append((one.camera_id, one.status))
    return changes


def _worst(causes: Iterable[_Covered]) -> _Covered:
    found = {cause for cause in causes if cause is not None}
    return next((cause for cause in _WORST if cause in found), None)
