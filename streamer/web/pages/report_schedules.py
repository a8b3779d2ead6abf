"""`/reports/schedules`: which reports are made by themselves, when, and where they go."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Request, Response

from streamer.web.clinic import Clinic
from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.report_ports import ReportForm
from streamer.web.require import require
from streamer.web.routes.report_schedules import told_to

report_schedules_page = page_router()


def _(text: str) -> str:
    """Mark a text for the catalogues."""
    return text


KINDS = {"day": _("Daily"), "week": _("Weekly"), "month": _("Monthly")}
WEEKDAYS = {
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
    "sun": _("Sunday"),
}


@dataclass(frozen=True, slots=True)
class Times:
    """A cron line that can be said in words.

    Attributes:
        time: As 06:30, in the site's time.
        weekday: A key of `WEEKDAYS`; None = on any.
        day: Of the month; None = on any.
    """

    time: str
    weekday: str | None
    day: int | None


def times_of(cron: str) -> Times | None:
    """Read a cron line; None = it takes more than time and day to say it."""
    minute, hour, day, month, weekday = cron.split()
    if weekday.isdigit():
        weekday = list(WEEKDAYS)[int(weekday)]
    if month != "*" or not (day == "*" or day.isdigit()):
        return None
    if not (weekday == "*" or weekday in WEEKDAYS) or (day != "*" and weekday != "*"):
        return None
    return Times(
        f"{int(hour):02}:{int(minute):02}",
        None if weekday == "*" else weekday,
        None if day == "*" else int(day),
    )


@report_schedules_page.get("/reports/schedules")
async def show_report_schedules_page(
    request: Request,
    pages: Pages,
    clinic: Clinic,
    principal: Annotated[Principal, require(Permission.REPORT_SCHEDULES_READ)],
) -> Response:
    """Show them; who may, adds, changes, pauses and removes those that the settings don't name."""
    schedules = clinic.installation.report_schedules
    return pages.render(
        request,
        "report_schedules.html",
        schedules=[
            (told_to(principal, one), times_of(one.cron)) for one in await schedules.listed()
        ],
        destinations=schedules.destinations,
        kinds=KINDS,
        weekdays=WEEKDAYS,
        forms=[form.value for form in ReportForm],
        may_write=principal.may(Permission.REPORT_SCHEDULES_WRITE),
        may_read_reports=principal.may(Permission.REPORTS_READ),
    )
