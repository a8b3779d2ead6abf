"""A day's report before and after a camera was out: what the outage touches is unknown, and
nothing else differs.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from config.settings import Database as Limits
from streamer.backend import Backend
from streamer.bench.reports.made_period import Expected, Maker, honest_visits
from streamer.bench.reports.made_site import LOBBY_CAMERAS, local
from streamer.bench.reports.write_period import write_period
from streamer.domain.actor import Actor
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.domain.coverage import UnknownCause
from streamer.domain.report.period import Period
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.verdict import VerdictKind
from streamer.reporting.runs import ReportRuns
from streamer.storage.database import open_database
from streamer.storage.database_role import DatabaseRole
from streamer.storage.uptime import CameraUptime
from tests.conftest import MakeDatabase
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import NOW, SITE, Clinic
from tests.integration.storage.conftest import empty
from tests.integration.storage.reported import report_settings
from tests.integration.storage.reporting import rows_of
from tests.integration.web.clinic_backend import clinic_backend
from tests.servers import Databases, as_role, in_thread

MONDAY: Final = date(2026, 7, 6)
NINA: Final = Actor("nina")
DOWN, DEGRADED = CameraStatus.DOWN, CameraStatus.DEGRADED
MAIN, ANNEX, ALL = {"main"}, {"annex"}, {"main", "annex"}
NONE: Final = timedelta(0)
WINDOW: Final = timedelta(minutes=150)
TOLERATED: Final = timedelta(minutes=7.5)


@dataclass(frozen=True, slots=True)
class Out:
    """What happened; hours are of Monday. `cameras` empty = the service itself was killed."""

    cameras: tuple[str, ...]
    begin: float
    end: float
    status: CameraStatus = DOWN


# What was out, which buildings it left uncovered, and what the report has to say of them.
CASES: Final = {
    "one entrance of two": ([Out(("lobby-1",), 10, 12)], MAIN, UnknownCause.CAMERA_DOWN),
    "the other entrance": ([Out(("lobby-2",), 15, 15.5)], MAIN, UnknownCause.CAMERA_DOWN),
    "both, one after the other, each tolerable": (
        [Out(("lobby-1",), 11, 11.1), Out(("lobby-2",), 11.1, 11.2)],
        MAIN,
        UnknownCause.CAMERA_DOWN,
    ),
    "too short to matter": ([Out(("lobby-1",), 11, 11.12)], MAIN, UnknownCause.CAMERA_DOWN),
    "people may be missed": (
        [Out(("lobby-1",), 9, 10, DEGRADED)],
        MAIN,
        UnknownCause.CAMERA_DEGRADED,
    ),
    "another building": ([Out(("annex-1",), 8, 20)], ANNEX, UnknownCause.CAMERA_DOWN),
    "around midnight before": ([Out(("lobby-1",), -1, 0.25)], MAIN, UnknownCause.CAMERA_DOWN),
    "after the midnight that follows": (
        [Out(("lobby-2",), 24, 24.2)],
        MAIN,
        UnknownCause.CAMERA_DOWN,
    ),
    "the service": ([Out((), 13, 14)], ALL, UnknownCause.SERVICE_DOWN),
    "the day before": ([Out(("lobby-1", "annex-1"), -9, -4)], ALL, UnknownCause.CAMERA_DOWN),
}

HARMLESS: Final = {"too short to matter", "the day before"}


@pytest.fixture(scope="module")
def day(
    session_databases: Databases, migrated_url: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, Maker]:
    """A database with three days of honest visits under working cameras; its key."""
    in_thread(lambda: empty(migrated_url))
    url = session_databases.create(migrated_url)
    key = tmp_path_factory.mktemp("day") / "kirdi.key"
    maker = Maker(MONDAY, 3, seed=4)
    honest_visits(maker, 400)
    nobody = Expected("nobody came", VerdictKind.UNVERIFIED)
    for hour, building in ((0.0, "main"), (0.5, "main"), (23.75, "main"), (13.5, "annex")):
        starts_at = local(MONDAY, hour)
        maker.appointment(maker.patient(), "D-1", starts_at, nobody, building=building)

    async def fill() -> None:
        role = as_role(url, DatabaseRole.SERVICE)
        async with open_database(role, Limits(), SITE, key) as database:
            await write_period(database, SITE.id, maker)

    in_thread(fill)
    return url, key, maker


@pytest.fixture
async def clinic(
    day: tuple[str, Path, Maker], make_database: MakeDatabase
) -> AsyncIterator[Clinic]:
    url = as_role(make_database(day[0]), DatabaseRole.SERVICE)
    async with open_database(url, Limits(), SITE, day[1]) as database:
        yield Clinic(database, FakeClock(NOW))


@pytest.fixture
def backend(clinic: Clinic, tmp_path: Path) -> Backend:
    desks = {"devices": {"terminal": "main", "other": "annex"}}
    settings = report_settings(codes=desks)
    return clinic_backend(clinic.database, settings, clinic.schedules(), clinic.clock, tmp_path)


@pytest.mark.parametrize("case", CASES)
async def test_only_what_an_outage_touches_becomes_unknown(
    clinic: Clinic, backend: Backend, day: tuple[str, Path, Maker], case: str
) -> None:
    outs, buildings, cause = CASES[case]
    runs, monday = ReportRuns(backend), Period.of(MONDAY, MONDAY)
    before = await runs.make(monday, NINA)
    former = await rows_of(runs, before)
    assert cause not in before.report.total.visits.unknown
    await watched_anew(clinic, outs)
    after = await runs.make(monday, NINA)
    rows = {(row.kind, row.ref): row for row in await rows_of(runs, after)}
    assert len(rows) == len(former)
    counts: Counter[str] = Counter()
    lost_any = False
    for was in former:
        lost = hidden(was, day[2], outs, buildings)
        lost_any |= lost > NONE
        expected = was
        if was.covered:
            expected = replace(was, covered=round(1 - lost / WINDOW, 4))
        if was.verdict is VerdictKind.UNVERIFIED and lost > TOLERATED:
            part = "visits" if was.kind is RowKind.APPOINTMENT else "claims"
            counts[part] += 1
            expected = replace(expected, verdict=VerdictKind.UNKNOWN, cause=cause)
        assert rows[was.kind, was.ref] == expected
    assert bool(counts["visits"]) is (case not in HARMLESS)
    # Each figure that differs is told, and no other.
    assert after.entry.number == (2 if lost_any else 1)
    told = {} if not lost_any else dict(after.changes)
    for part, count in counts.items():
        was_unverified, now_unverified = told.pop(f"{part}.unverified")
        assert was_unverified - now_unverified == count
        assert told.pop(f"{part}.unknown.{cause.value}") == (0, count)
    assert told == {}


async def watched_anew(clinic: Clinic, outs: Sequence[Out]) -> None:
    """Let the cameras have done the same but for the outages, as a running service notes it."""
    await clinic.execute("DELETE FROM camera_uptime")
    uptime = CameraUptime(clinic.database.postgres, SITE.id)
    for camera in LOBBY_CAMERAS:
        await uptime.record(_state(camera, CameraStatus.STREAMING, -48))
    for out in outs:
        if not out.cameras:
            # Killed: the next start ends everything at the last heartbeat.
            await uptime.heartbeat(local(MONDAY, out.begin))
            await uptime.recover()
        for camera in out.cameras:
            await uptime.record(_state(camera, out.status, out.begin))
        for camera in out.cameras or LOBBY_CAMERAS:
            await uptime.record(_state(camera, CameraStatus.STREAMING, out.end))
    await uptime.close(local(MONDAY, 72))


def _state(camera: str, status: CameraStatus, hour: float) -> CameraState:
    return CameraState(camera, status, "made up", local(MONDAY, hour))


def hidden(row: ReportRow, maker: Maker, outs: Sequence[Out], buildings: set[str]) -> timedelta:
    """How long of a row's window lies in the outages; worked out from what was made, by hand."""
    booked = {one.appointment_ref: one for one in maker.period.appointments}
    named = booked.get(row.ref if row.kind is RowKind.APPOINTMENT else row.appointment_ref or "")
    # A claim without an appointment could have been anywhere.
    if named is not None and named.building not in buildings:
        return NONE
    starts = row.at if named is None else named.starts_at
    opens, closes = starts - timedelta(minutes=120), starts + timedelta(minutes=30)
    return sum(
        (
            max(NONE, min(closes, local(MONDAY, out.end)) - max(opens, local(MONDAY, out.begin)))
            for out in outs
        ),
        NONE,
    )
