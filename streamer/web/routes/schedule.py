"""`/schedule`: today, whole, for a page that shows it and then follows it by `/events`."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from streamer.domain.day_row import DayRow
from streamer.web.clinic import Clinic
from streamer.web.documented import PROBLEMS
from streamer.web.models.schedule import Schedule, ScheduleRow, pseudonymous_row, schedule_row
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.pseudonymous import Pseudonymous
from streamer.web.require import require
from streamer.web.resources import Resources
from streamer.web.router import router
from streamer.web.sight import is_pseudonymous, may_know_names, sight_of

schedule = router("/schedule", "appointments")

_READ = Permission.APPOINTMENTS_READ
_MOST_KEYS = 100


@schedule.get("", response_model=Schedule, responses=PROBLEMS)
async def show_schedule(
    principal: Annotated[Principal, require(_READ)],
    clinic: Clinic,
    keys: Annotated[
        list[UUID] | None,
        Query(alias="key", max_length=_MOST_KEYS, description="these rows only"),
    ] = None,
) -> Response:
    """Show all of today's appointments, with names for those who may know them.

    Who sees which rows is as with `/appointments`.
    """
    hidden = is_pseudonymous(principal, _READ)
    if hidden:
        # A key is the same for everybody: it would tell whom a pseudonym stands for.
        keys = None
    # Had before the rows are read: what is changed meanwhile is told afterwards.
    after = None if hidden else clinic.events.position
    rows = await clinic.day.day(
        sight_of(principal, _READ), named=may_know_names(principal), keys=keys
    )
    shown = Schedule(
        date=clinic.day.today(),
        rows=_rows(principal, clinic, rows),
        more=len(rows) >= clinic.day.most_rows,
        after=after,
    )
    # A day of 1,500 rows: what is null is left out, and nothing is validated twice.
    return Response(shown.model_dump_json(exclude_none=True), media_type="application/json")


def _rows(principal: Principal, clinic: Resources, rows: Sequence[DayRow]) -> list[ScheduleRow]:
    if is_pseudonymous(principal, _READ):
        hide = Pseudonymous(clinic.pseudonyms)
        return [pseudonymous_row(hide.appointment(one.entry)) for one in rows]
    seen = principal.may(Permission.PRESENCES_READ)
    codes = principal.may(Permission.CODES_READ)
    consents = principal.may(Permission.CONSENTS_READ)
    return [schedule_row(one, seen=seen, codes=codes, consents=consents) for one in rows]
