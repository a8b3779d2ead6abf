"""`/enrolments`: photos in, one template stored."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from streamer.web.clinic import Clinic
from streamer.web.documented import WRITE
from streamer.web.fields import Label, Reference
from streamer.web.models.patients import Enrolled, PhotoAdvice
from streamer.web.once import Once
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import Problem, no_patient
from streamer.web.require import require
from streamer.web.router import router
from streamer.web.sight import sight_of
from streamer.web.uploads import MOST_BYTES, MOST_IN_ALL, MOST_PHOTOS, Upload, read_upload

enrolments = router("/enrolments", "patients")


_ROOM: Final = 4096
"""For what stands around a photo."""


class EnrolmentForm(BaseModel):
    """The fields beside the photos."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    patient_ref: Reference
    consent_ref: Label | None = None
    anyway: bool = Field(False)


_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["patient_ref", "photos"],
                    "properties": {
                        "patient_ref": {"type": "string", "minLength": 1, "maxLength": 128},
                        "photos": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MOST_PHOTOS,
                            "items": {"type": "string", "format": "binary"},
                            "description": "two or more, of the patient alone; JPEG, PNG, WebP, "
                            "TIFF, BMP or GIF",
                        },
                        "consent_ref": {
                            "type": "string",
                            "description": "the document of the consent in force; checked where "
                            "it is given",
                        },
                        "anyway": {
                            "type": "boolean",
                            "description": "although the face looks like another patient's, as "
                            "twins do: both check in by code then",
                        },
                    },
                }
            }
        },
    }
}


@enrolments.post(
    "",
    status_code=HTTPStatus.CREATED,
    response_model=Enrolled,
    responses=WRITE,
    openapi_extra=_BODY,
    max_body_size=MOST_IN_ALL,
)
async def enrol_patient(
    principal: Annotated[Principal, require(Permission.PATIENTS_WRITE, Permission.PATIENTS_READ)],
    clinic: Clinic,
    once: Once,
    request: Request,
) -> Response:
    """Enrol a patient whose consent is recorded; earlier photos are replaced.

    The face is compared with every other patient's at the site: one that may be enrolled already,
    under another reference, is refused with a warning that says whose, unless `anyway` is set.
    Photos are kept in memory only, and gone with the answer.
    """
    upload = await read_upload(request)
    form = _form(upload)
    sight = sight_of(principal, Permission.PATIENTS_READ)
    if await clinic.people.patient(sight, clinic.pack_id, form.patient_ref, False) is None:
        raise no_patient(form.patient_ref)
    return await once(
        lambda: clinic.enrolments.enrol(
            form.patient_ref,
            upload.photos,
            form.consent_ref or "",
            form.anyway,
            principal.actor,
        ),
        HTTPStatus.CREATED,
        sent=upload.digest,
    )


_PHOTO: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["photo"],
                    "properties": {"photo": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@enrolments.post(
    "/advice",
    responses=WRITE,
    openapi_extra=_PHOTO,
    max_body_size=MOST_BYTES + _ROOM,
)
async def advise_about_photo(
    _principal: Annotated[Principal, require(Permission.PATIENTS_WRITE)],
    clinic: Clinic,
    request: Request,
) -> PhotoAdvice:
    """Say what could be better about a picture: closer, more light, look here.

    No patient is named, nothing is compared, and the picture is gone with the answer.
    """
    upload = await read_upload(request)
    if len(upload.photos) != 1:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "send one photo")
    return await clinic.enrolments.advise(upload.photos[0])


def _form(upload: Upload) -> EnrolmentForm:
    try:
        return EnrolmentForm.model_validate(upload.fields)
    except ValidationError as error:
        errors = [
            {"where": ["body", *(str(part) for part in one["loc"])], "code": one["type"]}
            for one in error.errors(include_input=False, include_url=False)
        ]
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid",
            "the request is not as the API describes it",
            more={"errors": errors},
        ) from None
