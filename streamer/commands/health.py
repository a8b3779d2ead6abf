"""`kirdi health`: does the service live? For people, monitoring and the container's health check.

It does if its lock on the home folder is held and the heartbeat it writes for every camera is
fresh: that takes a turning event loop and a database that answers. A camera that is down is no
fault of the service; its state is listed. Nor is Redis that is away: the service says since when.
"""

import asyncio
import fcntl
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config.settings import Settings
from matcher.errors import ModelPackError
from matcher.packs.in_use import resolved
from matcher.packs.manifest import Manifest
from matcher.packs.pack import MANIFEST
from streamer.audit_keeper import troubles_of
from streamer.cameras.overlay_file import OverlayFile
from streamer.clock import SystemClock
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    Rows,
    print_json,
    print_rows,
    read_settings,
    say,
    warn,
)
from streamer.commands.site_database import site_database
from streamer.control.client import ask
from streamer.control.messages import Request, Verb
from streamer.domain.cache_report import WITHOUT_IT, CacheState
from streamer.embedded.home import kirdi_home
from streamer.errors import KirdiError
from streamer.home_site import refuse_other_site
from streamer.ingest.confinement import shortcomings
from streamer.notices import notices

if TYPE_CHECKING:
    from streamer.jobs.job_health import JobHealth
    from streamer.storage.postgres import Postgres
    from streamer.storage.uptime import OpenInterval

# Six heartbeats: a slow statement or a busy minute is no death.
MAX_SILENCE_S = 30.0
# A supervisor waits for the whole command, and this is its least important question.
_ASKED_S: Final = 3.0

COLUMNS = ("camera_id", "status", "reason", "since", "last_seen_at")


def health(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Say whether the service lives and does its jobs, and what its cameras do; 0 if it does."""
    settings = read_settings(config)
    home = kirdi_home(os.environ)
    if not service_runs(home):
        raise KirdiError(f"service: none runs on {home}; start `kirdi run`")
    refuse_other_site(home, settings.site.id)
    manifest = _manifest(settings, home)
    seen = asyncio.run(_look(settings, home, manifest))
    intervals = seen.intervals
    # With those added, and as they are switched: what the service itself goes by.
    cameras = OverlayFile(home).read().over(settings).cameras
    watched = [camera.id for camera in cameras]
    if wrong := complaint(watched, intervals, SystemClock().now()):
        raise KirdiError(wrong)
    warn(line for one in seen.jobs for line in one.notices)
    warn(shortcomings())
    warn(troubles_of(home))
    if manifest is not None:
        told = notices(
            manifest, settings.match.auto_arrive, seen.calibrated, seen.needing_enrolment
        )
        warn(str(one) for one in told)
    warn(
        f"camera {camera.id}: its certificate is not verified (insecure_tls)"
        for camera in cameras
        if camera.insecure_tls
    )
    if settings.database.url is not None and settings.database.retention_url is None:
        warn(["retention will not run, what is too old stays: set database.retention_url"])
    rows = [asdict(one) for one in intervals if one.camera_id in watched]
    redis = _redis(home)
    if as_json:
        print_json([{"cameras": rows, "redis": asdict(redis)}])
    else:
        listing = Rows(COLUMNS, rows, settings.site.zone)
        print_rows(listing, as_json, "The service runs; it has no cameras.")
        _tell_of_redis(redis, settings.site.zone)
    if overdue := [one.overdue for one in seen.jobs if one.overdue is not None]:
        raise KirdiError("; ".join(overdue))


def service_runs(home: Path) -> bool:
    """Whether a service holds the home folder's lock; a free lock is touched for an instant."""
    try:
        descriptor = os.open(home / "service.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise KirdiError(
            f"service: its lock in {home} cannot be read ({error.strerror}); "
            "run as the service's user"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def complaint(
    watched: Sequence[str], intervals: "Sequence[OpenInterval]", now: datetime
) -> str | None:
    """What is wrong with the heartbeats, or None.

    Args:
        watched: The ids of the cameras that the settings name, and of those added.
        intervals: What the database says the service is doing.
        now: The time by the clock the service writes its heartbeats with.
    """
    seen = {one.camera_id: one.last_seen_at for one in intervals}
    for camera_id in watched:
        if camera_id not in seen:
            return (
                f"service: it does not watch camera {camera_id}; "
                "wait until it has started, or run `kirdi reload` if the settings have changed"
            )
        silence_s = (now - seen[camera_id]).total_seconds()
        if silence_s > MAX_SILENCE_S:
            return (
                f"service: no heartbeat for camera {camera_id} in {silence_s:.0f} s; "
                "look at its log, and start it again"
            )
    return None


@dataclass(frozen=True, slots=True)
class _Redis:
    """What the service says of Redis.

    Attributes:
        state: As `CacheState`, or unknown: the service has not said.
        reason: In what way it is away or why it is unknown, and what to do; empty for the rest.
        meanwhile: What works as long as it is away.
    """

    state: str
    since: datetime | None = None
    reason: str = ""
    meanwhile: str = ""


def _redis(home: Path) -> _Redis:
    """Ask the service, which alone knows since when; the answer is no matter of life or death."""
    try:
        found = ask(home, Request(Verb.HEALTH), _ASKED_S).cache
    except KirdiError as error:
        return _Redis("unknown", reason=str(error))
    if found is None:
        return _Redis("unknown", reason="service: it does not say; start it again after an update")
    meanwhile = WITHOUT_IT if found.state is CacheState.AWAY else ""
    return _Redis(found.state.value, found.since, found.reason, meanwhile)


def _tell_of_redis(redis: _Redis, zone: tzinfo) -> None:
    if redis.state == CacheState.OK:
        say("Redis answers.")
    elif redis.state == CacheState.NONE:
        say("The service runs without Redis.")
    elif redis.since is None:
        warn([f"Redis: not known how it fares; {redis.reason}"])
    else:
        since = redis.since.astimezone(zone).isoformat(sep=" ", timespec="seconds")
        warn([f"Redis: away since {since}, it {redis.reason}; meanwhile {redis.meanwhile}"])


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the database says."""

    intervals: "Sequence[OpenInterval]"
    calibrated: bool
    needing_enrolment: int
    jobs: "tuple[JobHealth, ...]"


def _manifest(settings: Settings, home: Path) -> Manifest | None:
    """Of the pack in use; None where it cannot be read: `kirdi models verify` says why."""
    # Not `recognition.models_folder`: a health check has no time to load what runs models.
    models = home / "models"
    try:
        folder = models / resolved(models, settings.models.pack)
        text = (folder / MANIFEST).read_text(encoding="utf-8")
        return Manifest.from_json(text)
    except (OSError, UnicodeDecodeError, ModelPackError):
        return None


async def _look(settings: Settings, home: Path, manifest: Manifest | None) -> _Seen:
    pack_id = "" if manifest is None else manifest.pack_id
    async with site_database(settings, home) as postgres:
        return await _read(settings, postgres, pack_id, home / "models")


async def _read(settings: Settings, postgres: "Postgres", pack_id: str, models: Path) -> _Seen:
    from matcher.packs.calibrations import calibration_of
    from streamer.calibration_keeper import covers
    from streamer.score_rules import figures_name
    from streamer.site_jobs import jobs_health
    from streamer.storage.calibrations import newest_calibration
    from streamer.storage.job_runs import PostgresJobRuns
    from streamer.storage.patients_list import PatientsList
    from streamer.storage.report_schedules import PostgresReportSchedules
    from streamer.storage.uptime import CameraUptime

    site_id, now = settings.site.id, SystemClock().now()
    found = await newest_calibration(postgres, site_id, pack_id)
    calibrated = False
    if found is not None:
        figures = figures_name(calibration_of(pack_id, models))
        calibrated = covers(found, settings.match.accept_fpir, figures)
    return _Seen(
        await CameraUptime(postgres, site_id).open_intervals(),
        calibrated,
        await PatientsList(postgres, site_id, pack_id).count_needing_enrolment(now),
        await jobs_health(
            settings,
            PostgresJobRuns(postgres, site_id),
            PostgresReportSchedules(postgres, site_id),
            now,
        ),
    )
