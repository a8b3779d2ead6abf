"""`/presences`: who was seen without arriving by it."""

from typing import Annotated

from fastapi import Query

from streamer.domain.presence_entry import PresenceEntry
from streamer.web.clinic import Clinic, day_or_today
from streamer.web.documented import PROBLEMS
from streamer.web.fields import Day, Reference
from streamer.web.models.base import Listed
from streamer.web.models.check_ins import Presence
from streamer.web.paging import PageAsked
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.require import require
from streamer.web.router import router
from streamer.web.sight import sight_of

presences = router("/presences", "check-ins")

_READ = Permission.PRESENCES_READ


@presences.get("", responses=PROBLEMS)
async def list_presences(
    principal: Annotated[Principal, require(_READ)],
    parts: Parts,
    clinic: Clinic,
    paging: PageAsked,
    day: Annotated[Day | None, Query(alias="date", description="of the site; none = today")] = None,
    patient_ref: Annotated[Reference | None, Query()] = None,
) -> Listed[Presence]:
    """List a day's presences, in their order. They change no status."""
    page = await clinic.visits.presences(
        sight_of(principal, _READ), day_or_today(day, parts, clinic), patient_ref, paging.slice
    )
    return paging.answer(page, _presence)


def _presence(entry: PresenceEntry) -> Presence:
    return Presence.model_validate(entry)
