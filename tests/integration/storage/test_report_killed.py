"""A service killed while it makes a report: nothing half is left, and another one makes it."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streamer.domain.report.delivery import DeliveryState
from streamer.reporting.runs import ReportRuns
from streamer.site_jobs import report_keeper, site_jobs
from tests.fakes.clock import ShiftedClock
from tests.integration.storage.clinic import Clinic
from tests.integration.storage.reported import WEEK, reported
from tests.integration.storage.test_report_schedule import MONDAY, NEVER, look, sent_to

pytestmark = pytest.mark.long

CHILD = """
import asyncio, sys, time
from datetime import datetime, timedelta
from pathlib import Path
from config.settings import Database
from streamer import site_jobs
from streamer.reporting import upkeep as report_upkeep
from streamer.jobs.job_runner import JobRunner
from streamer.reporting.runs import ReportRuns
from streamer.storage.database import open_database
from streamer.storage.schedules import ScheduleCache
from tests.fakes.clock import ShiftedClock
from tests.integration.storage.clinic import SITE, ZONE
from tests.integration.storage.reported import report_settings
from tests.integration.storage.test_report_schedule import MONDAY, sent_to
from tests.integration.web.clinic_backend import clinic_backend

made = ReportRuns.make

async def half(self, period, by, progress=None):
    def stuck(done, of):
        if done == of // 2:
            print("half", flush=True)
            time.sleep(600)
    return await made(self, period, by, stuck)

async def main():
    ReportRuns.make = half
    url, home = sys.argv[1], Path(sys.argv[2])
    clock = ShiftedClock(MONDAY)
    async with open_database(url, Database(), SITE, home / "kirdi.key") as database:
        schedules = ScheduleCache(database.postgres, None, SITE.id, ZONE, clock)
        settings = report_settings(**sent_to(home / "archive"))
        backend = clinic_backend(database, settings, schedules, clock, home)
        scheduler = site_jobs.site_jobs(backend)
        job = next(one for one in scheduler.jobs if one.name == "report-weekly")
        runner = JobRunner(backend.job_runs, clock, timedelta(seconds=1))
        scheduler._runner = runner
        await scheduler.look(job, asyncio.Event())

asyncio.run(main())
"""


async def test_kill_9_in_the_middle_of_a_report(
    clinic: Clinic, migrated_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    backend = await reported(clinic, tmp_path, ShiftedClock(MONDAY), **sent_to(folder))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, migrated_url, str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        # What the log says comes before.
        said = await asyncio.wait_for(child.stdout.readuntil(b"half\n"), 60)
        assert said
    finally:
        os.kill(child.pid, signal.SIGKILL)
        await child.wait()
    runs = ReportRuns(backend)
    assert await runs.entries() == []
    assert await clinic.count("report_days") == 0
    # Its lease was a second.
    until = datetime.now(UTC) + timedelta(seconds=30)
    while not await runs.entries() and datetime.now(UTC) < until:
        await asyncio.sleep(0.5)
        await look(site_jobs(backend), "report-weekly")
    await report_keeper(backend).refresh(NEVER)
    assert [(one.period, one.number) for one in await runs.entries()] == [(WEEK, 1)]
    (delivered,) = await backend.report_deliveries.listed()
    assert delivered.state is DeliveryState.SENT
    (run,) = await backend.job_runs.runs("report-weekly", 5)
    assert (run.state, run.attempts) == ("done", 2)
