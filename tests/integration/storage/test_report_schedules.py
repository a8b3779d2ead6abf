"""Schedules that were added: known to every service, done once, and over when they are removed."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from streamer.backend import Backend
from streamer.domain.actor import Actor
from streamer.errors import InputError
from streamer.jobs.job_scheduler import JobScheduler
from streamer.reporting.runs import ReportRuns
from streamer.site_jobs import job_notices, jobs_health, report_post, report_schedules, site_jobs
from tests.fakes.clock import ShiftedClock
from tests.integration.storage.clinic import Clinic
from tests.integration.storage.reported import WEEK, report_settings, reported
from tests.integration.storage.test_report_schedule import MONDAY
from tests.integration.web.clinic_backend import clinic_backend

HEAD = Actor("dina")
WANTED = {"id": "head", "kind": "week", "cron": "30 6 * * mon", "to": ["archive"]}


async def look(scheduler: JobScheduler, name: str) -> None:
    (job,) = (one for one in scheduler.jobs if one.name == name)
    for ended in await scheduler.look(job, asyncio.Event()):
        assert not ended.error


async def test_one_that_is_added_runs_once_in_two_services_and_no_more_once_removed(
    clinic: Clinic, tmp_path: Path
) -> None:
    given = {"destinations": [{"id": "archive", "folder": str(tmp_path)}]}
    clocks = [ShiftedClock(MONDAY), ShiftedClock(MONDAY)]
    backends = [await reported(clinic, tmp_path, clocks[0], **given)]
    settings = report_settings(**given)
    backends.append(
        clinic_backend(clinic.database, settings, clinic.schedules(), clocks[1], tmp_path)
    )
    services = [site_jobs(one) for one in backends]
    known = report_schedules(backends[0])
    await known.add(WANTED, HEAD)
    assert [await one.refresh() for one in services] == [True, True]
    assert [await one.refresh() for one in services] == [False, False]
    await asyncio.gather(*(look(one, "report-head") for one in services))
    (run,) = await backends[0].job_runs.runs("report-head", 5)
    assert (run.period, run.state) == ("2026-11-16", "done")
    (entry,) = await ReportRuns(backends[0]).entries()
    assert entry.period == WEEK
    (wanted,) = await backends[1].report_deliveries.listed()
    assert (wanted.schedule, wanted.destination) == ("head", "archive")

    # Another time is another job; a pause is none, also for later revisions.
    await known.change("head", {"cron": "45 7 * * tue"}, HEAD)
    assert await services[1].refresh()
    due = services[1].next_due("report-head")
    assert due == MONDAY.replace(day=24, hour=2, minute=45)
    await known.change("head", {"every_revision": True}, HEAD, paused=True)
    assert await services[1].refresh()
    assert services[1].next_due("report-head") is None
    assert await report_post(backends[1]).later(entry) == 0

    await known.change("head", {}, HEAD, paused=False)
    await known.remove("head", HEAD)
    for clock in clocks:
        clock.set(MONDAY + timedelta(days=7))
    for one in services:
        await one.refresh()
        assert "report-head" not in {job.name for job in one.jobs}
    assert len(await backends[0].job_runs.runs("report-head", 5)) == 1
    with pytest.raises(InputError, match="is or was one of this name"):
        await known.add(WANTED | {"kind": "day"}, HEAD)
    rows = await clinic.row(
        "SELECT string_agg(body ->> 'action', '' ORDER BY recorded_at), min(actor), max(actor) "
        "FROM audit_events WHERE kind = 'settings-change'"
    )
    assert tuple(rows) == ("CUUUD", "dina", "dina")


async def test_two_who_add_one_name_at_once_get_one(clinic: Clinic, tmp_path: Path) -> None:
    known = report_schedules(clinic_backend_of(clinic, tmp_path))
    wanted = WANTED | {"to": []}
    made = await asyncio.gather(
        *(known.add(wanted, Actor(name)) for name in ("dina", "erlan", "zere")),
        return_exceptions=True,
    )
    assert sum(isinstance(one, InputError) for one in made) == 2
    assert [one.schedule.id for one in await known.listed()] == ["head"]


async def test_settings_that_get_one_of_the_name_run_theirs_and_say_so(
    clinic: Clinic, tmp_path: Path
) -> None:
    await report_schedules(clinic_backend_of(clinic, tmp_path)).add(WANTED | {"to": []}, HEAD)
    theirs = {"id": "head", "kind": "day", "cron": "0 7 * * *"}
    backend = clinic_backend_of(clinic, tmp_path, report_schedules=[theirs])
    (one,) = await report_schedules(backend).in_force()
    assert one.kind == "day"
    scheduler = site_jobs(backend)
    assert not await scheduler.refresh()
    (told,) = [line for line in await job_notices(backend) if "report schedule head" in line.text]
    assert "which runs" in told.text
    kept = backend.report_schedules
    # What was added just now was not missed before.
    assert await jobs_health(backend.settings, backend.job_runs, kept, MONDAY)


def clinic_backend_of(clinic: Clinic, home: Path, **more: object) -> Backend:
    return clinic_backend(
        clinic.database, report_settings(**more), clinic.schedules(), clinic.clock, home
    )
