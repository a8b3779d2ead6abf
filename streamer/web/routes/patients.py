"""`/patients`: by reference; with the name for those who need it. Never an identity number."""

from typing import Annotated

from fastapi import Path, Query, Response

from streamer.domain.patient_entry import PatientEntry
from streamer.web.clinic import Clinic
from streamer.web.documented import NOT_FOUND, PROBLEMS, WRITE
from streamer.web.fields import Reference
from streamer.web.in_vain import searched_in_vain
from streamer.web.models.base import Listed
from streamer.web.models.imports import MOST_IMPORTED, ImportedPatients, ImportResult
from streamer.web.models.patients import Patient, PatientShown, Profile
from streamer.web.once import Once
from streamer.web.paging import PageAsked
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import no_patient
from streamer.web.require import require
from streamer.web.router import router
from streamer.web.sight import sight_of

patients = router("/patients", "patients")

_READ = Permission.PATIENTS_READ
Reader = Annotated[Principal, require(_READ)]


@patients.get("", responses=PROBLEMS)
async def list_patients(
    principal: Reader,
    parts: Parts,
    clinic: Clinic,
    paging: PageAsked,
    patient_ref: Annotated[Reference | None, Query(description="this one only")] = None,
    needs_enrolment: Annotated[
        bool, Query(description="only those whom the model pack in use can't recognise, and may")
    ] = False,
) -> Listed[Patient]:
    """List patients by reference, without anything that names one.

    A practitioner sees those who have, or had within a year, appointments with them.
    """
    page = await clinic.people.patients(
        sight_of(principal, _READ), clinic.pack_id, patient_ref, needs_enrolment, paging.slice
    )
    if not page.items:
        await searched_in_vain(parts, principal, _READ, patient_ref)
    return paging.answer(page, _patient)


@patients.get("/{patient_ref:path}", responses=NOT_FOUND)
async def show_patient(
    principal: Reader,
    clinic: Clinic,
    patient_ref: Annotated[Reference, Path(examples=["P-17"])],
) -> PatientShown:
    """Show one patient; with name, birth date and phone where the permission `names:read` is.

    The look is in the audit.
    """
    found = await clinic.people.patient(
        sight_of(principal, _READ),
        clinic.pack_id,
        patient_ref,
        principal.may(Permission.NAMES_READ),
    )
    if found is None:
        raise no_patient(patient_ref)
    entry, profile = found
    shown = None if profile is None else Profile.model_validate(profile)
    return PatientShown(**_patient(entry).model_dump(), profile=shown)


@patients.post("/import", response_model=ImportResult, responses=WRITE, max_body_size=MOST_IMPORTED)
async def import_patients(
    principal: Annotated[Principal, require(Permission.PATIENTS_WRITE)],
    clinic: Clinic,
    once: Once,
    sent: ImportedPatients,
) -> Response:
    """Write patients as another system knows them: all or none; the second time changes nothing.

    The checks are those of the import from a file. Who died or became staff is not recognised any
    more: consent and templates end with it.
    """
    return await once(lambda: clinic.imports.patients(sent, principal.actor))


def _patient(entry: PatientEntry) -> Patient:
    return Patient.model_validate(entry)
