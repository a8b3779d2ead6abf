"""`/check-ins`: who came, by what evidence; by hand, and taken back."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Response

from streamer.domain.check_in_entry import CheckInEntry
from streamer.web.clinic import Clinic, day_or_today
from streamer.web.documented import PROBLEMS, WRITE
from streamer.web.fields import Day, Reference
from streamer.web.in_vain import searched_in_vain
from streamer.web.models.base import Listed
from streamer.web.models.check_ins import (
    CheckIn,
    ManualCheckIn,
    ManualCheckInWritten,
    Undo,
    UndoneCheckIn,
)
from streamer.web.once import Once
from streamer.web.paging import PageAsked
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import no_appointment
from streamer.web.pseudonymous import Pseudonymous
from streamer.web.require import require
from streamer.web.resources import Resources
from streamer.web.router import router
from streamer.web.sight import is_pseudonymous, refuse_telling_filters, sight_of

check_ins = router("/check-ins", "check-ins")

_READ = Permission.CHECK_INS_READ


@check_ins.get("", responses=PROBLEMS)
async def list_check_ins(
    principal: Annotated[Principal, require(_READ)],
    parts: Parts,
    clinic: Clinic,
    paging: PageAsked,
    day: Annotated[Day | None, Query(alias="date", description="of the site; none = today")] = None,
    undone: Annotated[bool, Query(description="also those that were undone")] = False,
    patient_ref: Annotated[Reference | None, Query()] = None,
) -> Listed[CheckIn]:
    """List a day's check-ins, in their order.

    A practitioner sees those of their own appointments; an insurer what `/appointments` says.
    """
    refuse_telling_filters(principal, _READ, patient_ref)
    page = await clinic.visits.check_ins(
        sight_of(principal, _READ),
        day_or_today(day, parts, clinic),
        undone,
        patient_ref,
        paging.slice,
    )
    if not page.items:
        await searched_in_vain(parts, principal, _READ, patient_ref)
    if is_pseudonymous(principal, _READ):
        return paging.answer(page, Pseudonymous(clinic.pseudonyms).check_in)
    return paging.answer(page, _check_in)


@check_ins.post(
    "",
    status_code=HTTPStatus.CREATED,
    response_model=ManualCheckInWritten,
    responses=WRITE,
)
async def add_check_in(
    principal: Annotated[
        Principal, require(Permission.CHECK_INS_WRITE, Permission.APPOINTMENTS_READ)
    ],
    clinic: Clinic,
    once: Once,
    sent: ManualCheckIn,
) -> Response:
    """Check a patient in by hand: the weakest grade of evidence.

    The appointment has to be booked or pending, and its arrival window to hold the time. Nobody
    does it for patients whom they bill.
    """
    await _see(clinic, principal, sent.appointment_ref)
    return await once(
        lambda: clinic.check_ins.add(sent.appointment_ref, principal.actor, sent.reason, sent.at),
        HTTPStatus.CREATED,
    )


@check_ins.post("/undo", response_model=UndoneCheckIn, responses=WRITE)
async def undo_check_in(
    principal: Annotated[
        Principal, require(Permission.CHECK_INS_UNDO, Permission.APPOINTMENTS_READ)
    ],
    clinic: Clinic,
    once: Once,
    sent: Undo,
) -> Response:
    """Take back an appointment's check-in: `arrived` becomes `booked`, the row stays."""
    await _see(clinic, principal, sent.appointment_ref)
    return await once(
        lambda: clinic.check_ins.undo(
            sent.appointment_ref, principal.actor, sent.reason, sent.wrong_person
        )
    )


async def _see(clinic: Resources, principal: Principal, appointment_ref: str) -> None:
    """Of another site, or not to be seen: there is none. Raises Problem."""
    sight = sight_of(principal, Permission.APPOINTMENTS_READ)
    if await clinic.visits.appointment(sight, appointment_ref) is None:
        raise no_appointment(appointment_ref)


def _check_in(entry: CheckInEntry) -> CheckIn:
    return CheckIn.model_validate(entry)
