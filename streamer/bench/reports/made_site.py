"""The polyclinic that `made_period` fills: two buildings, their entrances, cameras and outages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from config.settings import Reports
from streamer.domain.camera_state import CameraStatus
from streamer.domain.coverage import UnknownCause
from streamer.domain.uptime_interval import UptimeInterval
from streamer.reports.premises import Entrance, Premises, opening_hours

ZONE: Final = ZoneInfo("Asia/Almaty")
LOBBY_CAMERAS: Final = ("lobby-1", "lobby-2", "annex-1")
# The annex has a side door that no camera looks at: of whoever leaves no trace there nothing is
# known, ever.
PREMISES: Final = Premises(
    zone=ZONE,
    buildings=("main", "annex"),
    entrances=(
        Entrance("main", "front", frozenset({"lobby-1"})),
        Entrance("main", "back", frozenset({"lobby-2"})),
        Entrance("annex", "front", frozenset({"annex-1"})),
        Entrance("annex", "side", frozenset()),
    ),
    known_cameras=frozenset(LOBBY_CAMERAS),
    code_desks=frozenset({"main", "annex"}),
    hours=opening_hours({"mon-sat": "08:00-20:00"}),
)
REPORTS: Final = Reports(
    fits={"F01": "female", "K01": "0-17"},
    screenings={"cervical": ("SC1", "SC2", "SC3")},
)


@dataclass(frozen=True, slots=True)
class Outage:
    """Something that kept the main building from being covered."""

    begin: datetime
    end: datetime
    cause: UnknownCause

    def minutes_of(self, begin: datetime, end: datetime) -> float:
        """Return how many minutes of a window lie in it."""
        both = min(end, self.end) - max(begin, self.begin)
        return max(0.0, both.total_seconds() / 60)


def local(day: date, hour: float) -> datetime:
    """Return an hour of a day of the site, UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    return (midnight + timedelta(hours=hour)).astimezone(UTC)


def outages_of(days: Sequence[date]) -> tuple[Outage, ...]:
    """Return an outage for every seventh of some days, each kind in turn."""
    kinds = (
        UnknownCause.CAMERA_DOWN,
        UnknownCause.SERVICE_DOWN,
        UnknownCause.CAMERA_DEGRADED,
    )
    return tuple(
        Outage(local(day, 9.5 + place % 4), local(day, 12.5 + place % 4), kinds[place % 3])
        for place, day in enumerate(days[3::7])
    )


def uptime_of(
    begin: datetime, end: datetime, outages: Sequence[Outage]
) -> tuple[UptimeInterval, ...]:
    """Return what the cameras did; every outage is the service's, or one camera's of `main`."""
    found: list[UptimeInterval] = []
    for camera in LOBBY_CAMERAS:
        at = begin
        for one in outages:
            service = one.cause is UnknownCause.SERVICE_DOWN
            if not service and camera != "lobby-2":
                continue
            found.append(UptimeInterval(camera, CameraStatus.STREAMING, "", at, one.begin))
            if not service:
                degraded = one.cause is UnknownCause.CAMERA_DEGRADED
                status = CameraStatus.DEGRADED if degraded else CameraStatus.DOWN
                found.append(UptimeInterval(camera, status, "bench", one.begin, one.end))
            at = one.end
        found.append(UptimeInterval(camera, CameraStatus.STREAMING, "", at, end))
    return tuple(found)
