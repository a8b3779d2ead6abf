"""`/desk`: reception picks a patient, a camera says whether it is them."""

from typing import Annotated

from fastapi import Response

from streamer.web.clinic import Clinic, no_camera
from streamer.web.documented import OUTSIDE
from streamer.web.models.reviews import ComparisonDone, ComparisonWanted
from streamer.web.once import Once
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import no_patient
from streamer.web.require import require
from streamer.web.router import router
from streamer.web.sight import sight_of

desk = router("/desk", "desk")


@desk.post("/comparisons", response_model=ComparisonDone, responses=OUTSIDE)
async def compare(
    principal: Annotated[Principal, require(Permission.CHECK_INS_WRITE)],
    clinic: Clinic,
    once: Once,
    sent: ComparisonWanted,
) -> Response:
    """Compare whoever stands before a desk camera with one patient; ten seconds at most.

    On a match the patient arrives at whatever can be arrived at. Not for patients whom you bill.
    """
    sight = sight_of(principal, Permission.CHECK_INS_WRITE)
    if not principal.may_use_camera(sent.camera_id):
        raise no_camera(clinic, sent.camera_id)
    if await clinic.people.patient(sight, clinic.pack_id, sent.patient_ref, False) is None:
        raise no_patient(sent.patient_ref)

    async def work() -> ComparisonDone:
        report = await clinic.desk.compare(sent.patient_ref, sent.camera_id, principal.actor)
        return ComparisonDone.model_validate(report)

    return await once(work)
