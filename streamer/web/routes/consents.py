"""`/consents`: what patients agreed to, and what became of it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Response

from streamer.domain.consent import ConsentPurpose, Language
from streamer.domain.consent_entry import ConsentEntry
from streamer.web.clinic import Clinic
from streamer.web.documented import PROBLEMS, WRITE
from streamer.web.fields import Reference
from streamer.web.models.base import Listed
from streamer.web.models.consents import (
    Consent,
    RecordedConsent,
    SignedConsent,
    Text,
    Withdrawal,
    Withdrawn,
)
from streamer.web.once import Once
from streamer.web.paging import PageAsked
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import no_patient
from streamer.web.require import require
from streamer.web.resources import Resources
from streamer.web.router import router
from streamer.web.sight import sight_of

consents = router("/consents", "consents")

_READ = Permission.CONSENTS_READ
Reader = Annotated[Principal, require(_READ)]
Writer = Annotated[Principal, require(Permission.CONSENTS_WRITE)]


@consents.get("", responses=PROBLEMS)
async def list_consents(
    principal: Reader,
    clinic: Clinic,
    paging: PageAsked,
    patient_ref: Annotated[
        Reference | None, Query(description="everything there was of this patient")
    ] = None,
) -> Listed[Consent]:
    """List the consents in force, or everything there was of one patient."""
    page = await clinic.people.consents(sight_of(principal, _READ), patient_ref, paging.slice)
    return paging.answer(page, _consent)


@consents.get("/text", responses=PROBLEMS)
async def read_consent_text(
    _principal: Reader,
    clinic: Clinic,
    purpose: Annotated[ConsentPurpose, Query()] = ConsentPurpose.CHECK_IN,
    language: Annotated[Language, Query()] = Language.KK,
) -> Text:
    """Return what is read to a patient, with this clinic's particulars."""
    return Text.model_validate(clinic.consents.text(purpose, language))


@consents.post("", status_code=HTTPStatus.CREATED, response_model=RecordedConsent, responses=WRITE)
async def record_consent(
    principal: Writer, clinic: Clinic, once: Once, sent: SignedConsent
) -> Response:
    """Record a signed consent, with the whole text that was read.

    The same document once more changes nothing. Another one takes the former's place.
    """
    await _see(clinic, principal, sent.patient_ref)
    return await once(lambda: clinic.consents.record(sent, principal.actor), HTTPStatus.CREATED)


@consents.post("/withdrawals", response_model=Withdrawn, responses=WRITE)
async def withdraw_consent(
    principal: Writer, clinic: Clinic, once: Once, sent: Withdrawal
) -> Response:
    """End a consent at once, erase what rests on it, and return the receipt.

    From this moment on nobody is recognised as this patient.
    """
    await _see(clinic, principal, sent.patient_ref)
    return await once(lambda: clinic.consents.withdraw(sent, principal.actor))


async def _see(clinic: Resources, principal: Principal, patient_ref: str) -> None:
    """Of another site: there is none. Raises Problem."""
    sight = sight_of(principal, Permission.CONSENTS_WRITE)
    if await clinic.people.patient(sight, clinic.pack_id, patient_ref, False) is None:
        raise no_patient(patient_ref)


def _consent(entry: ConsentEntry) -> Consent:
    return Consent.model_validate(entry)
