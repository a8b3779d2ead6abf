"""`/reviews`: face matches and conflicts that wait for a person."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from streamer.domain.age import full_years
from streamer.domain.asked_for import AskedFor
from streamer.domain.review_report import ReviewReport
from streamer.web.clinic import Clinic, day_or_today
from streamer.web.documented import NOT_FOUND, PROBLEMS, WRITE
from streamer.web.models.base import Listed
from streamer.web.models.reviews import (
    ArrivalWritten,
    CandidateShown,
    Confirmation,
    Confirmed,
    PresenceKept,
    Rejected,
    Review,
    Waiting,
)
from streamer.web.once import Once
from streamer.web.paging import PageAsked
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import Problem, not_found
from streamer.web.require import require
from streamer.web.resources import Resources
from streamer.web.router import router
from streamer.web.sight import sight_of

reviews = router("/reviews", "reviews")

_READ = Permission.REVIEWS_READ
Reader = Annotated[Principal, require(_READ)]
Reviewer = Annotated[Principal, require(Permission.REVIEWS_WRITE)]
Namer = Annotated[Principal, require(Permission.REVIEWS_WRITE, Permission.NAMES_READ)]


@reviews.get("", responses=PROBLEMS)
async def list_reviews(principal: Reader, clinic: Clinic, paging: PageAsked) -> Listed[Review]:
    """List what waits, oldest first, from the cameras you may see. Each waits for ten minutes.

    What no camera had a part in, such as a code typed at the desk, is for everybody who may review.
    """
    waiting = [_review(one) for one in await clinic.reviews.reports() if _may_see(principal, one)]
    shown = paging.part_of(waiting)
    if shown.items:
        refs = {who.patient_ref for one in shown.items for who in one.candidates}
        await clinic.looks.looked_over(sight_of(principal, _READ), "Review", refs)
    return shown


@reviews.get("/waiting", responses=PROBLEMS)
async def list_waiting(principal: Reader, clinic: Clinic, paging: PageAsked) -> Listed[Waiting]:
    """Say what waits, without saying about whom: for pages that ask again and again."""
    reports = await clinic.reviews.reports()
    return paging.part_of(
        [Waiting.model_validate(one) for one in reports if _may_see(principal, one)]
    )


@reviews.get("/{review_id}", responses=NOT_FOUND)
async def show_review(principal: Reader, clinic: Clinic, review_id: UUID) -> Review:
    """Show one that waits."""
    report = await _seen(clinic, principal, review_id)
    refs = {who.patient_ref for who in report.candidates}
    await clinic.looks.looked_over(sight_of(principal, _READ), "Review", refs, str(review_id))
    return _review(report)


@reviews.get("/{review_id}/candidates", responses=NOT_FOUND)
async def list_candidates(
    principal: Namer, parts: Parts, clinic: Clinic, review_id: UUID
) -> list[CandidateShown]:
    """Say who the candidates of one review are, to whoever may decide about it.

    The looks are in the audit, one for each of them.
    """
    report = await _seen(clinic, principal, review_id)
    sight, shown = sight_of(principal, Permission.REVIEWS_WRITE), []
    today = day_or_today(None, parts, clinic)
    for one in report.candidates:
        found = await clinic.people.patient(sight, clinic.pack_id, one.patient_ref, named=True)
        if found is not None and found[1] is not None:
            born, profile = found[1].birth_date, found[1]
            shown.append(
                CandidateShown(
                    patient_ref=one.patient_ref,
                    full_name=profile.full_name,
                    birth_year=None if born is None else born.year,
                    age=None if born is None else full_years(born, today),
                    sex=profile.sex,
                )
            )
    return shown


@reviews.get(
    "/{review_id}/crop",
    response_class=Response,
    responses=NOT_FOUND
    | {200: {"description": "The face", "content": {"image/jpeg": {"schema": {"type": "string"}}}}},
)
async def show_crop(principal: Reviewer, clinic: Clinic, review_id: UUID) -> Response:
    """Show the face of one review, to whoever may decide about it. The look is in the audit.

    It comes from memory and must be kept nowhere.
    """
    found = await clinic.reviews.crop(review_id)
    if found is None or found.jpeg is None:
        raise not_found("review")
    if not principal.may_use_camera(found.camera_id):
        raise _of_others(review_id)
    sight = sight_of(principal, Permission.REVIEWS_WRITE)
    await clinic.looks.looked(sight, "Review", str(review_id), found.patients)
    return Response(found.jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@reviews.post("/{review_id}/confirm", response_model=Confirmed, responses=WRITE)
async def confirm_review(
    principal: Reviewer, clinic: Clinic, once: Once, review_id: UUID, sent: Confirmation
) -> Response:
    """It is this patient: write the check-ins, and what is kept of the sighting.

    Not for patients whom you bill; nor what rests on a code that you have issued.
    """

    async def confirm() -> Confirmed:
        await _seen(clinic, principal, review_id)
        done = await clinic.reviews.confirm(str(review_id), sent.patient_ref or "", principal.actor)
        return Confirmed(
            review_id=review_id,
            arrivals=[ArrivalWritten.model_validate(one) for one in done.arrivals],
            presences=[PresenceKept.model_validate(one) for one in done.presences],
        )

    return await once(confirm)


@reviews.post("/{review_id}/reject", response_model=Rejected, responses=WRITE)
async def reject_review(
    principal: Reviewer, clinic: Clinic, once: Once, review_id: UUID
) -> Response:
    """It is none of the candidates: remembered for the rest of the day."""

    async def reject() -> Rejected:
        await _seen(clinic, principal, review_id)
        await clinic.reviews.reject(str(review_id), principal.actor)
        return Rejected(review_id=review_id)

    return await once(reject)


async def _seen(clinic: Resources, principal: Principal, review_id: UUID) -> ReviewReport:
    """Decided, over, or from a camera that is none of theirs: there is none. Raises Problem."""
    report = await clinic.reviews.report(review_id)
    if report is None:
        raise not_found("review")
    if not _may_see(principal, report):
        raise _of_others(review_id)
    return report


def _of_others(review_id: UUID) -> Problem:
    """What waits for somebody else; that it was asked for is put on record."""
    return not_found("review", AskedFor("Review", entity_id=str(review_id)))


def _may_see(principal: Principal, report: ReviewReport) -> bool:
    return report.camera_id is None or principal.may_use_camera(report.camera_id)


def _review(report: ReviewReport) -> Review:
    return Review.model_validate(report)
