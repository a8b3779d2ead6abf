"""`/appointments`: a day's appointments, with the evidence that their patients came."""

from typing import Annotated

from fastapi import Path, Query, Response

from streamer.domain.appointment import AppointmentStatus
from streamer.domain.appointment_entry import AppointmentEntry, AppointmentFilter
from streamer.web.clinic import Clinic, day_or_today
from streamer.web.documented import NOT_FOUND, PROBLEMS, WRITE
from streamer.web.fields import Day, Label, Reference
from streamer.web.in_vain import searched_in_vain
from streamer.web.models.appointments import Appointment
from streamer.web.models.base import Listed
from streamer.web.models.imports import MOST_IMPORTED, ImportedAppointments, ImportResult
from streamer.web.once import Once
from streamer.web.paging import PageAsked
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import no_appointment
from streamer.web.pseudonymous import Pseudonymous
from streamer.web.require import require
from streamer.web.router import router
from streamer.web.sight import is_pseudonymous, refuse_telling_filters, sight_of

appointments = router("/appointments", "appointments")

_READ = Permission.APPOINTMENTS_READ
Reader = Annotated[Principal, require(_READ)]


@appointments.get("", responses=PROBLEMS)
async def list_appointments(
    principal: Reader,
    parts: Parts,
    clinic: Clinic,
    paging: PageAsked,
    day: Annotated[Day | None, Query(alias="date", description="of the site; none = today")] = None,
    practitioner_ref: Annotated[Reference | None, Query()] = None,
    patient_ref: Annotated[Reference | None, Query()] = None,
    building: Annotated[Label | None, Query()] = None,
    room: Annotated[Label | None, Query()] = None,
    status: Annotated[AppointmentStatus | None, Query()] = None,
) -> Listed[Appointment]:
    """List the appointments that start on a day, by start, each with its evidence.

    A practitioner sees their own. An insurer sees those of patients with a consent in force to the
    payer being told, under pseudonyms, without rooms, names and services.
    """
    refuse_telling_filters(principal, _READ, practitioner_ref, patient_ref, building, room)
    page = await clinic.visits.appointments(
        sight_of(principal, _READ),
        day_or_today(day, parts, clinic),
        AppointmentFilter(practitioner_ref, patient_ref, building, room, status),
        paging.slice,
    )
    if not page.items:
        await searched_in_vain(parts, principal, _READ, patient_ref, practitioner_ref)
    if is_pseudonymous(principal, _READ):
        return paging.answer(page, Pseudonymous(clinic.pseudonyms).appointment)
    return paging.answer(page, _appointment)


@appointments.get("/{appointment_ref:path}", responses=NOT_FOUND)
async def show_appointment(
    principal: Reader,
    clinic: Clinic,
    appointment_ref: Annotated[Reference, Path(examples=["A-1001"])],
) -> Appointment:
    """Show one appointment. Not with pseudonyms: the reference would say whose they are."""
    if is_pseudonymous(principal, _READ):
        raise no_appointment(appointment_ref)
    found = await clinic.visits.appointment(sight_of(principal, _READ), appointment_ref)
    if found is None:
        raise no_appointment(appointment_ref)
    return _appointment(found)


@appointments.post(
    "/import", response_model=ImportResult, responses=WRITE, max_body_size=MOST_IMPORTED
)
async def import_appointments(
    principal: Annotated[Principal, require(Permission.APPOINTMENTS_WRITE)],
    clinic: Clinic,
    once: Once,
    sent: ImportedAppointments,
) -> Response:
    """Write appointments as another system knows them: all or none; twice changes nothing.

    No status moves backwards: who has arrived stays so where the other system still says booked.
    The patients have to be there already; practitioners are made or renamed on the way.
    """
    return await once(lambda: clinic.imports.appointments(sent, principal.actor))


def _appointment(entry: AppointmentEntry) -> Appointment:
    return Appointment.model_validate(entry)
