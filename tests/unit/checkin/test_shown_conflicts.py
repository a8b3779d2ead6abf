"""A conflict shown by a code or at the desk: who may confirm it, and what that writes."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4, uuid5

import pytest

from streamer.domain.actor import Actor
from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.decision import Reason, SeenFor
from streamer.domain.presence import PresenceFlag
from streamer.domain.review import (
    LIFETIME,
    ReviewCandidate,
    ReviewDecision,
)
from streamer.domain.shown_review import ShownReview
from streamer.errors import InputError
from tests.unit.checkin.desk_of_reviews import AIGUL, ANNA, BOTA, LATER, SEEN, VISIT, Reception


@pytest.fixture
def reception() -> Reception:
    return Reception()


def shown(
    reception: Reception,
    method: Method = Method.CODE,
    vouched_by: Actor | None = None,
    **changes: Any,
) -> ShownReview:
    """A patient's code was shown, and the clinic says that they did not come."""
    review = ShownReview(
        uuid4(),
        ANNA,
        (VISIT,),
        Reason.NOSHOW_SET,
        method,
        EvidenceGrade.DESK_CODE,
        reception.clock.now(),
        SEEN,
        "main",
        device_id="desk-1",
        vouched_by=vouched_by,
    )
    review = replace(review, **changes)
    reception.store.open.clear()
    reception.store.denied.add(VISIT)
    reception.waiting.conflicts.append(review)
    return review


async def test_a_conflict_shown_by_a_code_is_listed_as_what_it_is(reception: Reception) -> None:
    face = reception.waits((BOTA, 4.5, (VISIT,)), reason=Reason.NOSHOW_SET)
    reception.clock.advance(1)
    review = shown(reception)
    first, second = await reception.desk.reports()
    assert [first.review_id, second.review_id] == [str(face.review_id), str(review.review_id)]
    assert (second.method, second.evidence) == (Method.CODE, EvidenceGrade.DESK_CODE)
    assert (second.band, second.threshold, second.camera_id) == (None, None, None)
    assert (second.device_id, second.reason) == ("desk-1", Reason.NOSHOW_SET)
    (candidate,) = second.candidates
    assert (candidate.patient_ref, candidate.score) == ("P-1", None)
    assert [one.appointment_ref for one in candidate.appointments] == ["A-10"]


async def test_confirming_it_proposes_a_check_in_of_its_method_and_grade(
    reception: Reception,
) -> None:
    code_id = uuid4()
    review = shown(reception, code_id=code_id, vouched_by=Actor("asel"))
    done = await reception.desk.confirm(str(review.review_id)[:8], "P-1", AIGUL)
    assert [one.appointment_ref for one in done.arrivals] == ["A-10"]
    (check_in,) = reception.store.check_ins
    assert (check_in.method, check_in.evidence) == (Method.CODE, EvidenceGrade.DESK_CODE)
    assert (check_in.occurred_at, check_in.device_id) == (SEEN, "desk-1")
    assert check_in.event_id == uuid5(code_id, str(VISIT)), "as the code itself would have made it"
    (record,) = reception.store.records
    assert (record.method, record.device_id, record.score) == (Method.CODE, "desk-1", None)
    # Nobody has to look at the same conflict when a camera sees the patient.
    face = replace(reception.waits((BOTA, 4.5, (LATER,))), reason=Reason.NOSHOW_SET)
    about_it = replace(face, candidates=(ReviewCandidate(ANNA, 4.5, (VISIT,)),), track_id=50)
    assert not reception.queue.put(about_it)


@pytest.mark.parametrize(
    ("voucher", "actor"),
    [
        (Actor("aigul"), AIGUL),
        (Actor("asel (through desk)"), Actor("Asel (through desk)")),
        (Actor("desk"), Actor("asel (through desk)")),
    ],
)
async def test_whoever_vouched_does_not_confirm(
    reception: Reception, voucher: Actor, actor: Actor
) -> None:
    review = shown(reception, vouched_by=voucher)
    with pytest.raises(InputError, match="somebody else has to confirm"):
        await reception.desk.confirm(str(review.review_id), "", actor)
    assert reception.store.records == []
    await reception.desk.reject(str(review.review_id), actor)
    assert reception.decisions() == {ANNA: ReviewDecision.REJECTED}


async def test_of_a_shown_conflict_no_other_patient_is_confirmed(reception: Reception) -> None:
    review = shown(reception)
    with pytest.raises(InputError, match="is about P-1, not P-2"):
        await reception.desk.confirm(str(review.review_id), "P-2", AIGUL)


async def test_a_code_needs_no_consent_and_a_face_at_the_desk_does(reception: Reception) -> None:
    code, face = shown(reception), shown(reception, Method.DESK, score=5.0)
    reception.store.consenting.clear()
    (report,) = await reception.desk.reports()
    assert report.review_id == str(code.review_id)
    assert face not in reception.waiting.conflicts, "let go of"
    reception.waiting.conflicts.append(face)
    with pytest.raises(InputError, match="does not consent"):
        await reception.desk.confirm(str(face.review_id), "", AIGUL)


async def test_a_rejected_code_says_nothing_of_the_face_and_a_rejected_face_does(
    reception: Reception,
) -> None:
    review = shown(reception)
    await reception.desk.reject(str(review.review_id), AIGUL)
    assert reception.rejections.score(ANNA, reception.clock.now()) is None
    assert reception.waits((ANNA, 4.5, (VISIT,)), reason=Reason.NOSHOW_SET)
    review = shown(reception, Method.DESK, score=5.0)
    await reception.desk.reject(str(review.review_id), AIGUL)
    assert reception.rejections.score(ANNA, reception.clock.now()) == 5.0


async def test_a_shown_conflict_expires_and_survives_a_stop(reception: Reception) -> None:
    review = shown(reception)
    reception.clock.advance(3600)
    young = shown(reception, opened_at=reception.clock.now())
    stop = asyncio.Event()
    stop.set()
    await reception.desk.run(stop)
    (record,) = reception.store.records
    assert (record.review_id, record.decision) == (review.review_id, ReviewDecision.EXPIRED)
    assert record.decided_at == review.opened_at + LIFETIME, "not when somebody noticed"
    assert young in reception.waiting.conflicts


async def test_a_new_service_knows_what_was_asked_today(reception: Reception) -> None:
    await reception.desk.recall()
    assert reception.rejections.score(ANNA, reception.clock.now()) == 4.2
    candidate = ReviewCandidate(BOTA, 4.5, (), (SeenFor(PresenceFlag.EARLY, VISIT),))
    review = reception.waits((ANNA, 4.5, (VISIT,)))
    assert not reception.queue.put(replace(review, candidates=(candidate,), track_id=8))
    conflict = ReviewCandidate(BOTA, 4.5, (LATER,))
    told = replace(review, candidates=(conflict,), track_id=9, reason=Reason.NOSHOW_SET)
    assert not reception.queue.put(told)


async def test_what_waits_is_noted_without_delay_and_again_after_an_outage(
    reception: Reception,
) -> None:
    stop, waiting = asyncio.Event(), reception.waiting
    keeping = asyncio.create_task(reception.desk.keep(stop))
    waiting.away = True
    review = reception.waits((ANNA, 4.5, (VISIT,)))
    await asyncio.wait_for(waiting.noted.wait(), 5)
    assert waiting.faces == set()
    waiting.away = False
    while not waiting.faces:  # noqa: ASYNC110 - it is tried again by the clock
        await asyncio.sleep(0)
    assert waiting.faces == {review.review_id}
    reception.queue.take(review.review_id)
    while waiting.faces:  # noqa: ASYNC110
        await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(keeping, 5)
