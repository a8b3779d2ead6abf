"""What the settings mean for reports. Used by whoever puts a report together."""

from collections.abc import Iterable
from datetime import timedelta

from config.settings import Camera, Settings
from streamer.domain.report_wants import ReportWants
from streamer.reports.premises import Entrance, Premises, opening_hours


def premises_of(settings: Settings, cameras: Iterable[Camera] | None = None) -> Premises:
    """Return the site as reports see it.

    Args:
        settings: All of them.
        cameras: Those in use, where operators added some; None = the settings'.
    """
    site, arrival = settings.site, settings.arrival
    used = tuple(settings.cameras if cameras is None else cameras)
    # At a site where nobody is searched for, whoever comes is compared at the desk.
    watching = "desk" if settings.recognition.mode == "desk" else "lobby"
    seen: dict[tuple[str, str], set[str]] = {}
    for building, names in settings.reports.entrances.items():
        for name in names:
            seen[building, name] = set()
    for camera in used:
        if camera.kind == watching:
            seen.setdefault((camera.building, camera.entrance), set()).add(camera.id)
    kiosks = {camera.id: camera.building for camera in used if camera.kind == "kiosk"}
    return Premises(
        zone=site.zone,
        buildings=site.buildings,
        entrances=tuple(
            Entrance(building, name, frozenset(ids)) for (building, name), ids in seen.items()
        ),
        known_cameras=frozenset(camera.id for camera in used),
        kiosks=kiosks,
        code_desks=frozenset(settings.codes.devices.values()),
        hours=opening_hours(site.opening_hours),
        holidays=frozenset(site.holidays),
        opens_before=_minutes(arrival.opens_before_min),
        closes_after=_minutes(arrival.closes_after_min),
        presence_before=_minutes(max(arrival.presence_before_min, arrival.opens_before_min)),
        presence_after=_minutes(arrival.presence_after_min),
    )


def _minutes(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


def wants_of(settings: Settings, cameras: Iterable[Camera] | None = None) -> ReportWants:
    """Return what a report's facts have to hold by these settings; `cameras` as above."""
    arrival, reports = settings.arrival, settings.reports
    used = settings.cameras if cameras is None else tuple(cameras)
    before = max(arrival.presence_before_min, arrival.opens_before_min)
    after = max(arrival.presence_after_min, arrival.closes_after_min)
    return ReportWants(
        before=_minutes(before),
        # Somebody may be seen until the site closes.
        after=max(_minutes(after), timedelta(hours=12)),
        profile_codes=tuple(one.casefold() for one in reports.fits),
        screening_codes=frozenset(code for steps in reports.screenings.values() for code in steps),
        screening_reach=timedelta(days=reports.screening_days),
        buildings={camera.id: camera.building for camera in used} | dict(settings.codes.devices),
        producers={account: (ref,) for account, ref in settings.staff.practitioners.items()},
    )
