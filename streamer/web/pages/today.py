"""`/today`: the day's schedule, alive; its sheet for when the service is down, and its entry."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated, Final, Literal

from fastapi import Query, Request, Response

from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.day_row import DayRow
from streamer.web.clinic import Clinic
from streamer.web.fields import Day
from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.pages.schedule_words import words_for_scripts
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import not_found
from streamer.web.require import require
from streamer.web.resources import Resources
from streamer.web.sight import is_pseudonymous, may_know_names, sight_of

today = page_router()

_READ = Permission.APPOINTMENTS_READ
_EXPECTED: Final = (AppointmentStatus.BOOKED, AppointmentStatus.PENDING)
_DESK: Final = "desk"

Reader = Annotated[Principal, require(_READ)]
ByHand = Annotated[Principal, require(_READ, Permission.CHECK_INS_WRITE)]


@today.get("/today")
async def show_today(
    request: Request, pages: Pages, parts: Parts, clinic: Clinic, principal: Reader
) -> Response:
    """Show the page; its rows come by the API."""
    at_desk = [
        one.state.camera_id
        for one in clinic.cameras.reports()
        if one.mode == _DESK and principal.may_use_camera(one.state.camera_id)
    ]
    writes = principal.may(Permission.CHECK_INS_WRITE)
    may = {
        "check-in": writes,
        "undo": principal.may(Permission.CHECK_INS_UNDO),
        "code": principal.may(Permission.CODES_ISSUE),
        "compare": writes and bool(at_desk),
        "enrol": principal.may(Permission.PATIENTS_WRITE)
        and principal.may(Permission.CONSENTS_WRITE),
    }
    return pages.render(
        request,
        "today.html",
        day=clinic.day.today(),
        may=[name for name, allowed in may.items() if allowed],
        desk_cameras=at_desk,
        sends_messages=parts.sends_messages,
        pseudonymous=is_pseudonymous(principal, _READ),
        words=words_for_scripts(),
        offset=_offset(parts.clock.now(), clinic.zone),
    )


@today.get("/today/sheet")
async def show_sheet(
    request: Request,
    pages: Pages,
    clinic: Clinic,
    principal: ByHand,
    by: Annotated[Literal["practitioner", "room"], Query()] = "practitioner",
) -> Response:
    """Show the day on paper: whom to expect, and room for when they came."""
    groups: dict[tuple[str, str], list[DayRow]] = defaultdict(list)
    for row in await _expected(clinic, principal):
        entry = row.entry
        # Two buildings may each have a room of this number.
        place = (entry.building or "", entry.room or "")
        groups[place if by == "room" else ("", entry.practitioner)].append(row)
    return pages.render(
        request, "today_sheet.html", day=clinic.day.today(), by=by, groups=sorted(groups.items())
    )


@today.get("/today/downtime")
async def show_downtime(
    request: Request,
    pages: Pages,
    clinic: Clinic,
    principal: ByHand,
    day: Annotated[Day | None, Query(alias="date")] = None,
) -> Response:
    """Show the form in which a sheet of today is entered afterwards, or of the last few days."""
    today = clinic.day.today()
    days = [today - timedelta(days=n) for n in range(clinic.check_ins.enter_afterwards_days + 1)]
    shown = today if day is None else day
    if shown not in days:
        raise not_found("day")
    return pages.render(
        request,
        "today_downtime.html",
        day=shown,
        days=days,
        today=today,
        rows=await _expected(clinic, principal, shown),
        offset=_offset(datetime.combine(shown, time(12), clinic.zone), clinic.zone),
    )


async def _expected(
    clinic: Resources, principal: Principal, day: date | None = None
) -> Sequence[DayRow]:
    """Who has still to come to the site; the look is in the audit."""
    rows = await clinic.day.day(
        sight_of(principal, _READ), named=may_know_names(principal), day=day
    )
    return [one for one in rows if one.entry.status in _EXPECTED and one.entry.place == Place.SITE]


def _offset(now: datetime, zone: tzinfo) -> str:
    """The site's offset from UTC, as a time in ISO 8601 ends: `+05:00`."""
    return now.astimezone(zone).isoformat()[-6:]
