"""`/report-schedules`: which reports are made by themselves, when, and where they go."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Response

from streamer.web.clinic import Clinic
from streamer.web.documented import PROBLEMS, WRITE
from streamer.web.fields import Named
from streamer.web.models.base import Listed
from streamer.web.models.report_schedules import (
    NewReportSchedule,
    ReportSchedule,
    ReportScheduleChange,
    ReportScheduleRemoved,
)
from streamer.web.once import Once
from streamer.web.paging import PageAsked
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import not_found
from streamer.web.require import require
from streamer.web.router import router

report_schedules = router("/report-schedules", "reports")

Reader = Annotated[Principal, require(Permission.REPORT_SCHEDULES_READ)]
Writer = Annotated[Principal, require(Permission.REPORT_SCHEDULES_WRITE)]
ScheduleId = Annotated[Named, Path(examples=["weekly"])]


@report_schedules.get("", responses=PROBLEMS)
async def list_report_schedules(
    principal: Reader, clinic: Clinic, paging: PageAsked
) -> Listed[ReportSchedule]:
    """List the schedules, those of the settings first, with the next and the last run of each."""
    found = await clinic.installation.report_schedules.listed()
    return paging.part_of([told_to(principal, one) for one in found])


@report_schedules.post(
    "", status_code=HTTPStatus.CREATED, response_model=ReportSchedule, responses=WRITE
)
async def add_report_schedule(
    principal: Writer, clinic: Clinic, once: Once, sent: NewReportSchedule
) -> Response:
    """Add a schedule; every service of the site knows it within seconds.

    It begins with the latest period that was due. Who added it is in the audit.
    """

    async def add() -> ReportSchedule:
        made = await clinic.installation.report_schedules.add(sent, principal.actor)
        return told_to(principal, made)

    return await once(add, HTTPStatus.CREATED)


@report_schedules.patch("/{schedule_id}", response_model=ReportSchedule, responses=WRITE)
async def change_report_schedule(
    principal: Writer,
    clinic: Clinic,
    once: Once,
    schedule_id: ScheduleId,
    sent: ReportScheduleChange,
) -> Response:
    """Change a schedule, pause it, or let it go on; those of the settings are refused.

    What was missed meanwhile is made up for: seven days, two weeks, two months.
    """

    async def change() -> ReportSchedule:
        schedules = clinic.installation.report_schedules
        found = await schedules.change(schedule_id, sent, principal.actor)
        if found is None:
            raise not_found("schedule")
        return told_to(principal, found)

    return await once(change)


@report_schedules.delete("/{schedule_id}", response_model=ReportScheduleRemoved, responses=WRITE)
async def remove_report_schedule(
    principal: Writer, clinic: Clinic, once: Once, schedule_id: ScheduleId
) -> Response:
    """Remove a schedule; what it made stays, and what was to be sent is still sent."""

    async def remove() -> ReportScheduleRemoved:
        if not await clinic.installation.report_schedules.remove(schedule_id, principal.actor):
            raise not_found("schedule")
        return ReportScheduleRemoved(id=schedule_id)

    return await once(remove)


def told_to(principal: Principal, schedule: ReportSchedule) -> ReportSchedule:
    """Leave out what names servers and files, but for those who run the installation."""
    if schedule.last is None or principal.may(Permission.JOBS_READ):
        return schedule
    return schedule.model_copy(update={"last": schedule.last.model_copy(update={"error": None})})
