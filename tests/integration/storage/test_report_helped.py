"""A long report is made by two processes: the same report, whole or not at all, nobody left behind.

`helped_from=1` has a month of some hundred visits made like a large clinic's.
"""

import asyncio
import dataclasses
import os
import pickle
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.settings import Database
from streamer.backend import Backend
from streamer.domain.actor import Actor
from streamer.domain.report.period import Period, PeriodKind
from streamer.errors import KirdiError
from streamer.reporting import helper as helper_module
from streamer.reporting import making
from streamer.reporting.frames import Begin
from streamer.reporting.helper import Helper
from streamer.reporting.part_work import PartWork
from streamer.reporting.runs import ReportRuns
from streamer.storage.postgres import Postgres
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


def helpers(of: int) -> set[int]:
    """The helping processes that a process has started."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            if not entry.name.isdigit() or _MODULE not in (entry / "cmdline").read_bytes():
                continue
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == of:
            found.add(int(entry.name))
    return found


async def nobody_is_left() -> None:
    await until(lambda: not helpers(os.getpid()), 20)


def otherwise(monkeypatch: pytest.MonkeyPatch, begun: Callable[[Begin], Awaitable[Begin]]) -> None:
    """Have the helper begin otherwise."""
    helping = Watched.helping

    @asynccontextmanager
    async def changed(begin: Begin) -> AsyncIterator[Helper]:
        async with helping(await begun(begin)) as helper:
            yield helper

    monkeypatch.setattr(Watched, "helping", changed)


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
    monkeypatch.setattr(Watched, "dies", True)
    monkeypatch.setattr(Watched, "is_seen", seen)
    runs = ReportRuns(backend, helped_from=1)
    with pytest.raises(KirdiError, match="nothing was kept"):
        await runs.make(JULY, NINA)
    assert await runs.entries() == []
    assert await clinic.count("report_days") == 0
    await nobody_is_left()
    monkeypatch.setattr(Watched, "dies", False)
    assert (await runs.make(JULY, NINA)).entry.number == 1


@pytest.mark.usefixtures("slow")
async def test_whoever_is_stopped_leaves_no_process(clinic: Clinic, backend: Backend) -> None:
    begun = asyncio.Event()
    runs = ReportRuns(backend, helped_from=1)
    task = asyncio.create_task(
        runs.make(JULY, NINA, lambda done, _: begun.set() if done > 3 else None)
    )
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await nobody_is_left()
    assert await runs.entries() == []


@pytest.mark.usefixtures("slow")
async def test_one_that_hangs_is_waited_for_no_longer_than_the_database_waits_for_us(
    clinic: Clinic, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert helper_module._ANSWER_S < 60
    monkeypatch.setattr(helper_module, "_ANSWER_S", 3.0)
    runs = ReportRuns(backend, helped_from=1)

    def stop(done: int, _: int) -> None:
        if done == 3:
            for pid in helpers(os.getpid()):
                os.kill(pid, signal.SIGSTOP)

    with pytest.raises(KirdiError, match="no answer in 3 s; nothing was kept"):
        await runs.make(JULY, NINA, stop)
    await nobody_is_left()
    assert await runs.entries() == []


async def test_where_none_can_be_started_the_report_is_made_without(
    clinic: Clinic, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helper_module, "child_command", lambda _: ["/nowhere/python"])
    assert (await ReportRuns(backend, helped_from=1).make(JULY, NINA)).entry.number == 1
    assert Watched.days == []


async def test_where_it_cannot_read_the_moment_the_report_is_made_without(
    clinic: Clinic, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def of_no_moment(begin: Begin) -> Begin:
        return dataclasses.replace(begin, moment="00000003-0000001B-1")

    otherwise(monkeypatch, of_no_moment)
    assert (await ReportRuns(backend, helped_from=1).make(JULY, NINA)).entry.number == 1
    assert Watched.days == []
    await nobody_is_left()


@pytest.mark.usefixtures("slow")
async def test_a_fault_is_told_by_its_kind_and_place(
    clinic: Clinic, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(begin: Begin) -> Begin:
        task = dataclasses.replace(begin.task, premises=NINA)  # type: ignore[arg-type]
        return dataclasses.replace(begin, task=task)

    otherwise(monkeypatch, broken)
    with pytest.raises(KirdiError, match=r"failed \(AttributeError at \w+\.py:\d+\)") as told:
        await ReportRuns(backend, helped_from=1).make(JULY, NINA)
    assert "nina" not in str(told.value)


@pytest.mark.usefixtures("slow")
async def test_both_read_the_same_moment(
    clinic: Clinic, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is written after the first has begun to read belongs to the next report."""

    async def changed_meanwhile(begin: Begin) -> Begin:
        await clinic.execute("UPDATE claims SET amount = 77777")
        return begin

    otherwise(monkeypatch, changed_meanwhile)
    runs = ReportRuns(backend, helped_from=1)
    made = await runs.make(JULY, NINA)
    assert Watched.days
    rows = [row async for _, every in runs.rows(made) for row in every]
    assert not [row.ref for row in rows if row.amount == 77777]


async def test_no_secret_but_the_service_s_login_is_handed_over() -> None:
    secrets = [f"secret-{number}" for number in range(3)]
    urls = dict(zip(("owner_url", "retention_url", "auditor_url"), secrets, strict=True))
    given = {name: f"postgresql://k:{secret}@/k" for name, secret in urls.items()}
    limits = Database.model_validate({"url": "postgresql://k:mine@/k"} | given)
    access = Postgres("postgresql://k:mine@/k", limits, site_id="s").access
    said = pickle.dumps(access)
    assert b"mine" in said
    assert not any(one.encode() in said for one in secrets)
    assert "mine" not in repr(access)


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
    (tmp_path / "settings").write_bytes(pickle.dumps(backend.settings))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, migrated_url, str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    try:
        assert await asyncio.wait_for(child.stdout.readuntil(b"half\n"), 60)
        assert helpers(child.pid)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        await child.wait()
    # It has the same standard error, and closes it when it ends.
    async with asyncio.timeout(20):
        said = await child.stderr.read()
    assert b"Traceback" not in said
    assert await ReportRuns(backend).entries() == []
