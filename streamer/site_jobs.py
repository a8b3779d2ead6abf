"""The jobs of a site: what is done by itself at which time of the day. Made by `app` and commands.

A new job is one more `Job` here; who runs it, once, is `streamer.jobs`'s business.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from config.settings import ReportSchedule, Settings
from streamer.domain.actor import SERVICE
from streamer.domain.job_run import Outcome
from streamer.domain.remark import Remark
from streamer.domain.report.delivery import DeliveryState
from streamer.domain.retention import RetentionReport
from streamer.errors import DatabaseError
from streamer.jobs.job import Assignment, Job
from streamer.jobs.job_health import JobHealth, judge
from streamer.jobs.job_scheduler import JobScheduler
from streamer.jobs.site_times import SiteTimes
from streamer.reporting.keeper import ReportKeeper
from streamer.reporting.parcels import ReportParcels
from streamer.reporting.post import ReportPost
from streamer.reporting.replies import ReportReplies
from streamer.reporting.runs import ReportRuns
from streamer.reporting.schedules import ReportSchedules, both
from streamer.reporting.sending import ReportSending, means_of
from streamer.reporting.upkeep import CATCH_UP, ReportUpkeep, named_period, period_name

if TYPE_CHECKING:
    from streamer.backend import Backend
    from streamer.storage.job_runs import PostgresJobRuns
    from streamer.storage.report_schedules import PostgresReportSchedules

RETENTION: Final = "retention"
REVISIONS: Final = "report-revisions"
_LOOKED_AT: Final = 12
# A year's report on a slow machine, and then some.
_LONGEST_S: Final = 7200.0


def job_times(settings: Settings, schedules: Sequence[ReportSchedule]) -> dict[str, SiteTimes]:
    """When which job is due; `schedules`: of reports, those in force."""
    crons = {RETENTION: settings.retention.cron, REVISIONS: settings.reports.remade_cron}
    crons |= {report_job(one.id): one.cron for one in schedules}
    return {name: SiteTimes(cron, settings.site.zone) for name, cron in crons.items()}


def report_job(schedule_id: str) -> str:
    """The name of the job that makes a schedule's reports."""
    return f"report-{schedule_id}"


async def jobs_health(
    settings: Settings,
    runs: "PostgresJobRuns",
    kept: "PostgresReportSchedules",
    now: datetime,
    *,
    why: bool = True,
) -> tuple[JobHealth, ...]:
    """What the ledger says about each job, `why` as `judge` takes it; raises DatabaseError."""
    site_since = await runs.site_since()
    shown = [one for one in both(settings, await kept.listed()) if one.runs]
    # What was added lately was not missed before, nor what was paused.
    added = {
        report_job(one.schedule.id): one.kept.changed_at for one in shown if one.kept is not None
    }
    found: list[JobHealth] = []
    for name, times in job_times(settings, [one.schedule for one in shown]).items():
        newest = await runs.runs(name, _LOOKED_AT)
        since = added.get(name, site_since)
        found.append(judge(name, times, newest, now, why=why, since=since))
    return tuple(found)


async def job_notices(backend: "Backend", *, why: bool = True) -> list[Remark]:
    """What an operator should know of the site's jobs; raises DatabaseError.

    Without `why` no line names a server or a file: for those who do not run the installation.
    """
    now = backend.clock.now()
    kept = backend.report_schedules
    found = await jobs_health(backend.settings, backend.job_runs, kept, now, why=why)
    lines = (line for one in found for line in (*one.notices, one.overdue) if line is not None)
    told = [Remark("job", line) for line in lines]
    if (reason := await why_not_deleted(backend)) is not None:
        said = f": {reason}" if why else "; the service's log says why"
        text = f"retention will not run, what is too old stays{said}"
        told.append(Remark("no_retention", text))
    told += [
        Remark(
            "report_schedule",
            f"report schedule {one.schedule.id}: {one.why_not}; remove the one that was added",
        )
        for one in await report_schedules(backend).listed()
        if one.why_not is not None
    ]
    lost = await backend.report_deliveries.listed(DeliveryState.FAILED, most=_LOOKED_AT)
    for one in lost:
        said = f" ({one.error})" if why else ""
        text = (
            f"report of {one.period.said}, revision {one.number}: given up "
            f"sending it to {one.destination}{said}; mend that and send it again"
        )
        told.append(Remark("report_not_sent", text, {"destination": one.destination}))
    return told


def site_jobs(backend: "Backend") -> JobScheduler:
    """Return what runs the site's jobs."""
    settings = backend.settings

    async def retain(assignment: Assignment) -> Outcome:
        report = await delete_due(
            backend, SERVICE.name, assignment.stop, settings.retention.most_share
        )
        return {"run_id": str(report.run_id)} | dict(report.deleted)

    upkeep = report_upkeep(backend)

    async def remake(assignment: Assignment) -> Outcome:
        return await upkeep.remake(assignment.due_at, assignment.stop)

    jobs = (
        Job(RETENTION, settings.retention.cron, retain),
        Job(REVISIONS, settings.reports.remade_cron, remake, timeout_s=_LONGEST_S),
    )
    known = {one: _scheduled(one, upkeep) for one in settings.report_schedules}
    schedules = report_schedules(backend)

    async def of_now() -> Sequence[Job]:
        # One that has not changed is the same job.
        in_force = await schedules.in_force()
        found = {one: known.get(one) or _scheduled(one, upkeep) for one in in_force}
        known.clear()
        known.update(found)
        return (*jobs, *found.values())

    return JobScheduler(
        (*jobs, *known.values()),
        backend.job_runs,
        settings.site.zone,
        backend.clock,
        of_now=of_now,
    )


def report_upkeep(backend: "Backend") -> ReportUpkeep:
    """Return what makes the site's reports by themselves."""
    return ReportUpkeep(
        ReportRuns(backend), backend.open_reports, report_post(backend), backend.clock
    )


def report_keeper(backend: "Backend") -> ReportKeeper:
    """Return what makes reports final and sends them."""
    return ReportKeeper(report_upkeep(backend), report_sending(backend), backend.clock)


def report_sending(backend: "Backend") -> ReportSending:
    """Return what sends what is wanted."""
    settings, clock = backend.settings, backend.clock
    return ReportSending(
        {one.id: one for one in settings.destinations},
        backend.report_deliveries,
        ReportParcels(backend, ReportRuns(backend)),
        means_of(settings.mail, clock),
        clock,
    )


def report_replies(backend: "Backend") -> ReportReplies:
    """Return what takes answers to reports."""
    return ReportReplies(backend, ReportRuns(backend), report_post(backend))


def report_post(backend: "Backend") -> ReportPost:
    """Return what says which revisions are to be sent."""
    in_force = report_schedules(backend).in_force
    return ReportPost(in_force, backend.report_deliveries, backend.clock)


def report_schedules(backend: "Backend") -> ReportSchedules:
    """Return who knows the schedules of reports, and has them changed."""
    return ReportSchedules(backend.settings, backend.report_schedules, backend.clock)


def _scheduled(schedule: ReportSchedule, upkeep: ReportUpkeep) -> Job:
    async def make(assignment: Assignment) -> Outcome:
        period = named_period(schedule.kind, assignment.period)
        return await upkeep.scheduled(schedule, period, assignment.due_at)

    missed = CATCH_UP[schedule.kind]
    return Job(
        report_job(schedule.id),
        schedule.cron,
        make,
        period_name(schedule.kind),
        missed.most,
        missed.look_back,
        _LONGEST_S,
    )


async def why_not_deleted(backend: "Backend") -> str | None:
    """Say why retention could not delete anything just now; None = it could."""
    try:
        async with backend.retention():
            return None
    except DatabaseError as error:
        return str(error)


async def delete_due(
    backend: "Backend", by: str, stop: asyncio.Event, most_share: float | None
) -> RetentionReport:
    """Delete what is kept no longer, and the keys that this leaves in the database's files.

    Args:
        backend: Whose.
        by: Who, as recorded.
        stop: Ends it after the portion under way.
        most_share: Refuse to delete a greater share of anything; None = whatever it is.

    Raises:
        InputError: More would be deleted than is likely to be meant; nothing was.
        DatabaseError: The next run goes on from there.
    """
    now = backend.clock.now()
    async with backend.retention() as keeper:
        if most_share is not None:
            await keeper.refuse_too_much(now, most_share)
        report = await keeper.run(now, by, stop)
    # A backup may hold the tables: the keeper of consents goes on trying, every ten seconds.
    with contextlib.suppress(DatabaseError):
        await backend.remnants.destroy()
    return report
