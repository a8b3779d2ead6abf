"""`/rights`: what a patient may ask for. Each answer is in the audit."""

from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Response

from streamer.domain.consent import Language
from streamer.web.clinic import Clinic
from streamer.web.documented import NOT_FOUND, WRITE
from streamer.web.fields import Reference
from streamer.web.models.rights import Erased, ErasureWanted
from streamer.web.once import Once
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import Problem, no_patient
from streamer.web.require import require
from streamer.web.resources import Resources
from streamer.web.router import router
from streamer.web.sight import sight_of

rights = router("/rights", "rights")


class ExportFormat(StrEnum):
    """For machines, or for people."""

    JSON = "json"
    PDF = "pdf"


@rights.get(
    "/export",
    response_class=Response,
    responses=NOT_FOUND
    | {
        200: {
            "description": "Everything that is held; the JSON is of the schema in "
            "docs/privacy/patient-export.md",
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "application/pdf": {"schema": {"type": "string"}},
            },
        }
    },
)
async def export_patient(
    principal: Annotated[Principal, require(Permission.RIGHTS_EXPORT)],
    clinic: Clinic,
    patient_ref: Annotated[Reference, Query(examples=["P-17"])],
    format_: Annotated[ExportFormat, Query(alias="format")] = ExportFormat.JSON,
    language: Annotated[
        Language | None, Query(description="of the PDF; none = the patient's, or kk")
    ] = None,
) -> Response:
    """Give out everything that is held of a patient, for the patient. Keep it nowhere.

    Profile, guardians, consents with the texts that were read, templates without their figures,
    appointments, check-ins, presences, reviews, codes, erasures, and who looked at it.
    """
    await _see(clinic, principal, Permission.RIGHTS_EXPORT, patient_ref)
    given = clinic.installation.rights
    if format_ is ExportFormat.JSON:
        content = await given.export_json(patient_ref, principal.actor)
        media_type = "application/json"
    else:
        content = await given.export_pdf(
            patient_ref, None if language is None else language.value, principal.actor
        )
        media_type = "application/pdf"
    # Named after nobody: it lies in a folder of downloads afterwards.
    name = f'attachment; filename="patient.{format_.value}"'
    return Response(content, media_type=media_type, headers={"Content-Disposition": name})


@rights.post("/erasures", status_code=HTTPStatus.CREATED, response_model=Erased, responses=WRITE)
async def erase_patient(
    principal: Annotated[Principal, require(Permission.RIGHTS_ERASE)],
    clinic: Clinic,
    once: Once,
    sent: ErasureWanted,
) -> Response:
    """Erase a patient at their wish. It can't be taken back, so the reference is sent twice.

    Profile, templates and keys are destroyed, consents end. What the law keeps for its term stays
    under a number that leads to nobody. Later imports leave the patient out.
    """

    async def erase() -> Erased:
        await _see(clinic, principal, Permission.RIGHTS_ERASE, sent.patient_ref)
        if sent.confirm != sent.patient_ref:
            detail = "`confirm` is another reference; nothing was erased"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not-confirmed", detail)
        return await clinic.installation.rights.erase(sent, principal.actor)

    return await once(erase, HTTPStatus.CREATED)


async def _see(
    clinic: Resources, principal: Principal, permission: Permission, patient_ref: str
) -> None:
    """Of another site: there is none. Raises Problem."""
    sight = sight_of(principal, permission)
    if await clinic.people.patient(sight, clinic.pack_id, patient_ref, False) is None:
        raise no_patient(patient_ref)
