"""A long report is made by two processes: the same report, whole or not at all, nobody left behind.

`helped_from=1` has a month of some hundred visits made like a large clinic's.
"""

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from streamer.backend import Backend
from streamer.domain.actor import Actor
from streamer.domain.report.period import Period, PeriodKind
from streamer.errors import DatabaseError, KirdiError
from streamer.reporting import making
from streamer.reporting.frames import Begin
from streamer.reporting.helper import Helper
from streamer.reporting.part_work import PartWork
from streamer.reporting.runs import ReportRuns
from tests.integration.ingest.watching import until
from tests.integration.storage.clinic import Clinic
from tests.integration.storage.reporting import backend_of, written

pytestmark = pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < 2, reason="nobody helps on one processor"
)

JULY = Period.containing(PeriodKind.MONTH, date(2026, 7, 1))
NINA = Actor("nina")
ALONE = 1_000_000
_MODULE = b"streamer.reporting.helper_process"


class Watched(Helper):
    """A helper of which is known what it did; it may die on its second day, seen by us or not."""

    days: list[date] = []  # noqa: RUF012 - emptied by every test
    dies = False
    is_seen = False

    async def day(self, day: date) -> bytes:
        self.days.append(day)
        if self.dies and len(self.days) == 2:
            self._process.kill()
            if self.is_seen:
                await self._process.wait()
        return await super().day(day)


class Waiting(PartWork):
    """Leaves some days to the helper: a small month would be over before that has begun."""

    async def day(self, day: date) -> bytes:
        await until(lambda: bool(Watched.days), 30)
        return await super().day(day)


def watch() -> None:
    """Do as `watched` and `slow`, in another process."""
    vars(making).update(Helper=Watched, PartWork=Waiting)


@pytest.fixture(autouse=True)
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "Helper", Watched)
    monkeypatch.setattr(Watched, "days", [])


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "PartWork", Waiting)


@pytest.fixture
async def backend(clinic: Clinic, tmp_path: Path) -> Backend:
    return backend_of(clinic, await written(clinic, JULY, 300), tmp_path)


def helpers() -> set[int]:
    """The helping processes that there are, whoever started them."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and _MODULE in (entry / "cmdline").read_bytes():
                found.add(int(entry.name))
        except OSError:
            continue
    return found


async def gone(before: set[int]) -> None:
    """Wait until there are no more than there were."""
    await until(lambda: helpers() <= before, 20)


@pytest.mark.usefixtures("slow")
async def test_it_is_the_same_report(clinic: Clinic, backend: Backend) -> None:
    told: list[tuple[int, int]] = []
    runs = ReportRuns(backend, helped_from=1)
    made = await runs.make(JULY, NINA, lambda done, of: told.append((done, of)))
    assert 0 < len(Watched.days) < 31
    assert told == [(day, 31) for day in range(1, 32)]
    # Whoever makes it alone finds nothing new, down to the last byte.
    alone = await ReportRuns(backend, helped_from=ALONE).make(JULY, NINA)
    assert (alone.entry.number, alone.digest) == (1, made.digest)
    week = Period.of(JULY.first, JULY.first + timedelta(days=6))
    first = await ReportRuns(backend, helped_from=ALONE).make(week, NINA)
    assert (await ReportRuns(backend, helped_from=1).make(week, NINA)).digest == first.digest


async def test_few_visits_are_not_worth_a_process(clinic: Clinic, backend: Backend) -> None:
    await ReportRuns(backend).make(JULY, NINA)
    assert Watched.days == []


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("seen", [True, False], ids=["noticed", "in the middle"])
async def test_one_that_dies_leaves_nothing_half(
    clinic: Clinic, backend: Backend, monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    before = helpers()
    monkeypatch.setattr(Watched, "dies", True)
    monkeypatch.setattr(Watched, "is_seen", seen)
    runs = ReportRuns(backend, helped_from=1)
    with pytest.raises(KirdiError, match="nothing was kept"):
        await runs.make(JULY, NINA)
    assert await runs.entries() == []
    assert await clinic.count("report_days") == 0
    await gone(before)
    monkeypatch.setattr(Watched, "dies", False)
    assert (await runs.make(JULY, NINA)).entry.number == 1


@pytest.mark.usefixtures("slow")
async def test_whoever_is_stopped_leaves_no_process(clinic: Clinic, backend: Backend) -> None:
    before = helpers()
    begun = asyncio.Event()
    runs = ReportRuns(backend, helped_from=1)
    task = asyncio.create_task(
        runs.make(JULY, NINA, lambda done, _: begun.set() if done > 3 else None)
    )
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gone(before)
    assert await runs.entries() == []


async def test_what_the_database_refuses_is_said_in_our_words(
    clinic: Clinic, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    helping = Helper.helping

    @asynccontextmanager
    async def too_late(begin: Begin) -> AsyncIterator[Helper]:
        of_no_moment = Begin(begin.task, begin.access, "00000003-0000001B-1")
        async with helping(of_no_moment) as helper:
            yield helper

    monkeypatch.setattr(Watched, "helping", too_late)
    runs = ReportRuns(backend, helped_from=1)
    with pytest.raises(DatabaseError, match="database"):
        await runs.make(JULY, NINA)
    assert await runs.entries() == []


CHILD = """
import asyncio, pickle, sys, time
from pathlib import Path
from config.settings import Database
from streamer.domain.actor import Actor
from streamer.reporting.runs import ReportRuns
from streamer.storage.database import open_database
from streamer.storage.schedules import ScheduleCache
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import NOW, SITE, ZONE
from tests.integration.storage.test_report_helped import JULY, NINA, watch
from tests.integration.web.clinic_backend import clinic_backend

def stuck(done, of):
    if done == 12:
        print("half", flush=True)
        time.sleep(600)

async def main():
    url, home = sys.argv[1], Path(sys.argv[2])
    async with open_database(url, Database(), SITE, home / "kirdi.key") as database:
        clock = FakeClock(NOW)
        schedules = ScheduleCache(database.postgres, None, SITE.id, ZONE, clock)
        settings = pickle.loads((home / "settings").read_bytes())
        backend = clinic_backend(database, settings, schedules, clock, home)
        await ReportRuns(backend, helped_from=1).make(JULY, NINA, stuck)

watch()
asyncio.run(main())
"""


async def test_kill_9_ends_both(
    clinic: Clinic, backend: Backend, migrated_url: str, tmp_path: Path
) -> None:
    before = helpers()
    (tmp_path / "settings").write_bytes(pickle.dumps(backend.settings))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, migrated_url, str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        assert await asyncio.wait_for(child.stdout.readuntil(b"half\n"), 60)
        assert helpers() - before
    finally:
        os.kill(child.pid, signal.SIGKILL)
        await child.wait()
    await gone(before)
    assert await ReportRuns(backend).entries() == []
