"""Looking, confirming, rejecting, expiring: what is written, and what the next decision knows."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from streamer.checkin.decision import ArrivalPolicy, AutoArrive
from streamer.checkin.rejections import Rejections
from streamer.checkin.review_desk import ReviewDesk
from streamer.checkin.review_queue import ReviewQueue
from streamer.domain.actor import Actor
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.domain.decision import Reason, SeenFor
from streamer.domain.identity import Band
from streamer.domain.presence import Presence, PresenceFlag
from streamer.domain.review import (
    LIFETIME,
    Rejection,
    Review,
    ReviewCandidate,
    ReviewDecision,
    ReviewRecord,
    Written,
)
from streamer.domain.review_report import AppointmentReport, PresenceReport, ReviewReferences
from streamer.domain.shown_review import ShownReview
from streamer.errors import DatabaseError, InputError
from tests.fakes.clock import FakeClock

AIGUL = Actor("aigul")
ANNA, BOTA = UUID(int=1), UUID(int=2)
VISIT, LATER = UUID(int=10), UUID(int=11)
SEEN = datetime(2026, 11, 23, 3, 59, tzinfo=UTC)
POLICY = ArrivalPolicy(timedelta(hours=2), timedelta(minutes=30), AutoArrive.CALIBRATED)


class Store:
    """Knows everybody; remembers what was decided."""

    def __init__(self) -> None:
        self.patients = {ANNA: "P-1", BOTA: "P-2"}
        self.consenting = {ANNA, BOTA}
        self.starts_at = SEEN
        self.open = {VISIT, LATER}
        self.records: list[ReviewRecord] = []
        self.check_ins: list[CheckIn] = []
        self.presences: list[Presence] = []
        self.away = False
        self.denied: set[UUID] = set()

    async def may_decide(self, actor: Actor, patients: Sequence[UUID]) -> None:
        if actor.practitioner_refs and ANNA in patients:
            raise InputError("has appointments with this patient")

    async def rejections_of(self, now: datetime) -> Sequence[Rejection]:
        return [Rejection(ANNA, 4.2, now)]

    async def describe(
        self, patients: Sequence[UUID], appointments: Sequence[UUID]
    ) -> ReviewReferences:
        known = {
            key: AppointmentReport(f"A-{key.int}", self.starts_at, "Dr One") for key in appointments
        }
        consenting = {key: ref for key, ref in self.patients.items() if key in patients}
        consenting = {key: ref for key, ref in consenting.items() if key in self.consenting}
        return ReviewReferences(
            consenting,
            known,
            frozenset(self.open.intersection(known)),
            frozenset(self.denied.intersection(known)),
            {key: ref for key, ref in self.patients.items() if key in patients},
        )

    async def decide(
        self,
        records: Sequence[ReviewRecord],
        check_ins: Sequence[CheckIn],
        actor: Actor,
        presences: Sequence[Presence] = (),
    ) -> Written:
        await self.may_decide(actor, [one.patient_id for one in records])
        if self.away:
            raise DatabaseError("database: away")
        self.records += records
        self.check_ins += check_ins
        self.presences += presences
        return Written((Recorded.WRITTEN,) * len(check_ins), (Recorded.WRITTEN,) * len(presences))

    async def decide_shown(
        self, review: ShownReview, record: ReviewRecord, check_ins: Sequence[CheckIn], actor: Actor
    ) -> Written:
        return await self.decide([record], check_ins, actor)


class Waiting:
    """What the database knows of what waits."""

    def __init__(self) -> None:
        self.conflicts: list[ShownReview] = []
        self.faces: set[UUID] = set()
        self.away = False
        self.noted = asyncio.Event()

    async def shown(self, now: datetime, *, over: bool = False) -> Sequence[ShownReview]:
        return [one for one in self.conflicts if (now - one.opened_at >= LIFETIME) is over]

    async def let_go(self, review_id: UUID) -> None:
        self.conflicts = [one for one in self.conflicts if one.review_id != review_id]

    async def expire_left(self, now: datetime) -> int:
        return 0

    async def asked(self, now: datetime) -> Sequence[tuple[UUID, PresenceFlag]]:
        return [(BOTA, PresenceFlag.EARLY)]

    async def told(self, now: datetime) -> Sequence[UUID]:
        return [LATER]

    async def keep(self, opened: Sequence[Review], gone: Sequence[UUID]) -> None:
        self.noted.set()
        if self.away:
            raise DatabaseError("database: away")
        self.faces |= {one.review_id for one in opened}
        self.faces -= set(gone)


class Reception:
    """A desk with its queue."""

    def __init__(self) -> None:
        self.clock, self.queue, self.store = FakeClock(), ReviewQueue(), Store()
        self.rejections = Rejections(UTC)
        self.waiting = Waiting()
        self.desk = ReviewDesk(
            "site-1",
            self.queue,
            self.rejections,
            self.store,
            self.waiting,
            POLICY,
            self.clock,
        )

    def waits(
        self,
        *candidates: tuple[UUID, float, tuple[UUID, ...]],
        reason: Reason = Reason.NOT_CALIBRATED,
    ) -> Review:
        review = Review(
            uuid4(),
            self.clock.now(),
            SEEN,
            "lobby-1",
            7,
            "main",
            reason,
            Band.ACCEPT,
            4.0,
            "open-1",
            tuple(ReviewCandidate(*one) for one in candidates),
        )
        assert self.queue.put(review)
        return review

    def decisions(self) -> dict[UUID, ReviewDecision]:
        return {one.patient_id: one.decision for one in self.store.records}


@pytest.fixture
def reception() -> Reception:
    return Reception()


async def test_a_report_has_references_and_no_ids(reception: Reception) -> None:
    review = reception.waits((ANNA, 4.5, (VISIT,)), (BOTA, 4.1, ()))
    (report,) = await reception.desk.reports()
    assert report.review_id == str(review.review_id)
    assert report.expires_at == review.opened_at + timedelta(minutes=10)
    first, second = report.candidates
    assert (first.patient_ref, first.score, second.patient_ref) == ("P-1", 4.5, "P-2")
    assert [one.appointment_ref for one in first.appointments] == ["A-10"]
    assert str(ANNA) not in repr(report)


async def test_a_confirmation_writes_the_check_in_as_of_the_sighting(reception: Reception) -> None:
    review = reception.waits((ANNA, 4.5, (VISIT, LATER)))
    done = await reception.desk.confirm(str(review.review_id)[:8], "", AIGUL)
    assert [(one.appointment_ref, one.recorded) for one in done.arrivals] == [
        ("A-10", Recorded.WRITTEN),
        ("A-11", Recorded.WRITTEN),
    ]
    first, second = reception.store.check_ins
    assert (first.method, first.evidence, first.decided_by) == (
        Method.FACE,
        EvidenceGrade.FACE,
        "aigul",
    )
    assert (first.occurred_at, first.score, first.threshold) == (SEEN, 4.5, 4.0)
    assert {first.appointment_id, second.appointment_id} == {VISIT, LATER}
    assert first.event_id != second.event_id
    assert reception.decisions() == {ANNA: ReviewDecision.CONFIRMED}
    assert reception.queue.waiting() == ()


async def test_of_several_one_has_to_be_named(reception: Reception) -> None:
    review = reception.waits((ANNA, 4.5, (VISIT,)), (BOTA, 4.4, (LATER,)))
    key = str(review.review_id)
    with pytest.raises(InputError, match=r"which patient it is \(P-1, P-2\); by --patient"):
        await reception.desk.confirm(key, "", AIGUL)
    with pytest.raises(InputError, match="P-1, P-2"):
        await reception.desk.confirm(key, "P-9", AIGUL)
    await reception.desk.confirm(key, "P-2", AIGUL)
    (check_in,) = reception.store.check_ins
    assert (check_in.patient_id, check_in.appointment_id, check_in.score) == (BOTA, LATER, 4.4)
    assert reception.decisions() == {ANNA: ReviewDecision.OTHER, BOTA: ReviewDecision.CONFIRMED}
    # That it was the other one says nothing against either.
    assert reception.rejections.score(ANNA, reception.clock.now()) is None


async def test_a_rejection_is_known_to_the_next_decision(reception: Reception) -> None:
    review = reception.waits((ANNA, 4.5, (VISIT,)), (BOTA, 4.4, (LATER,)))
    await reception.desk.reject(str(review.review_id), AIGUL)
    assert set(reception.decisions().values()) == {ReviewDecision.REJECTED}
    assert reception.store.check_ins == []
    assert reception.rejections.score(ANNA, reception.clock.now()) == 4.5
    assert reception.rejections.score(BOTA, reception.clock.now()) == 4.4
    assert not reception.queue.put(review)


@pytest.mark.parametrize("act", ["confirm", "reject"])
async def test_while_the_database_is_away_the_review_waits(reception: Reception, act: str) -> None:
    review = reception.waits((ANNA, 4.5, (VISIT,)))
    reception.store.away = True

    async def decide() -> None:
        if act == "confirm":
            await reception.desk.confirm(str(review.review_id), "", AIGUL)
        else:
            await reception.desk.reject(str(review.review_id), AIGUL)

    with pytest.raises(DatabaseError):
        await decide()
    assert reception.queue.waiting() == (review,)
    reception.store.away = False
    await decide()
    assert reception.queue.waiting() == ()


async def test_an_empty_id_names_no_review(reception: Reception) -> None:
    review = reception.waits((ANNA, 4.5, (VISIT,)))
    with pytest.raises(InputError, match="none waits"):
        await reception.desk.confirm("", "", AIGUL)
    with pytest.raises(InputError, match="none waits"):
        await reception.desk.reject("", AIGUL)
    assert reception.queue.waiting() == (review,)


async def test_a_repeated_confirmation_is_the_same_event(reception: Reception) -> None:
    """The answer may have been lost after the commit."""
    review = reception.waits((ANNA, 4.5, (VISIT,)))
    await reception.desk.confirm(str(review.review_id), "", AIGUL)
    reception.queue.put(review)
    await reception.desk.confirm(str(review.review_id), "", AIGUL)
    first, second = reception.store.check_ins
    assert first.event_id == second.event_id


async def test_what_settled_itself_is_shown_no_more(reception: Reception) -> None:
    reception.waits((ANNA, 4.5, (VISIT,)))
    reception.store.open.clear()
    assert await reception.desk.reports() == ()
    assert reception.queue.waiting() == ()


async def test_who_consents_no_more_is_neither_shown_nor_checked_in(reception: Reception) -> None:
    review = reception.waits((ANNA, 4.5, (VISIT,)))
    reception.store.consenting.remove(ANNA)
    with pytest.raises(InputError, match="nobody of it consents"):
        await reception.desk.confirm(str(review.review_id), "", AIGUL)
    assert await reception.desk.reports() == ()
    assert reception.store.check_ins == []


async def test_an_unknown_review_names_the_remedy(reception: Reception) -> None:
    with pytest.raises(InputError, match="kirdi review list"):
        await reception.desk.reject("abc", AIGUL)
    first, second = reception.waits((ANNA, 4.5, ())), reception.waits((BOTA, 4.5, ()))
    assert first.review_id == reception.queue.waiting()[0].review_id
    assert second not in reception.queue.waiting(), "one track, one review"


async def test_time_and_a_stop_end_every_review(reception: Reception) -> None:
    reception.waits((ANNA, 4.5, (VISIT,)))
    stop = asyncio.Event()
    running = asyncio.create_task(reception.desk.run(stop))
    while reception.queue.waiting():  # noqa: ASYNC110 - a queue sets no event
        await asyncio.sleep(0)
    assert reception.decisions() == {ANNA: ReviewDecision.EXPIRED}
    reception.waits((BOTA, 4.5, (VISIT,)))
    stop.set()
    await asyncio.wait_for(running, 5)
    assert reception.decisions()[BOTA] is ReviewDecision.EXPIRED
    assert {one.decided_by for one in reception.store.records} == {"kirdi"}
    assert reception.queue.waiting() == ()


@pytest.mark.parametrize("act", ["confirm", "reject"])
async def test_nobody_decides_about_their_own_patient(reception: Reception, act: str) -> None:
    review = reception.waits((BOTA, 4.5, (LATER,)), (ANNA, 4.4, (VISIT,)))
    doctor, key = Actor("askar", ("D-1",)), str(review.review_id)
    desk = reception.desk
    deciding = desk.confirm(key, "P-2", doctor) if act == "confirm" else desk.reject(key, doctor)
    with pytest.raises(InputError, match="has appointments"):
        await deciding
    assert reception.queue.waiting() == (review,)
    assert reception.store.records == []
    # Nor does their word count for the next match.
    assert reception.rejections.score(BOTA, reception.clock.now()) is None


async def test_a_conflict_is_shown_until_it_is_settled_and_then_no_more(
    reception: Reception,
) -> None:
    reception.store.open.clear()
    reception.store.denied.add(VISIT)
    review = reception.waits((ANNA, 4.5, (VISIT,)), reason=Reason.NOSHOW_SET)
    (report,) = await reception.desk.reports()
    assert [one.appointment_ref for one in report.candidates[0].appointments] == ["A-10"]
    await reception.desk.confirm(str(review.review_id), "", AIGUL)
    assert reception.decisions() == {ANNA: ReviewDecision.CONFIRMED}
    other_track = replace(review, review_id=uuid4(), track_id=99)
    assert not reception.queue.put(other_track), "told once is enough"
    assert reception.queue.put(replace(other_track, reason=Reason.NOT_SURE))


async def test_a_conflict_that_the_clinic_corrects_goes_away(reception: Reception) -> None:
    reception.store.open.clear()
    reception.waits((ANNA, 4.5, (VISIT,)), reason=Reason.NOSHOW_SET)
    assert await reception.desk.reports() == ()
    assert reception.queue.waiting() == ()


def seen_only(reception: Reception, flag: PresenceFlag = PresenceFlag.EARLY) -> Review:
    """A match outside the arrival window, at a site where a person looks first."""
    candidate = ReviewCandidate(ANNA, 4.5, (), (SeenFor(flag, VISIT),))
    review = replace(
        reception.waits((ANNA, 4.5, (VISIT,))), candidates=(candidate,), review_id=uuid4()
    )
    reception.queue.clear()
    assert reception.queue.put(review)
    return review


async def test_a_confirmed_early_one_is_kept_and_arrives_at_nothing(reception: Reception) -> None:
    reception.store.starts_at = reception.clock.now() + timedelta(hours=3)
    review = seen_only(reception)
    (report,) = await reception.desk.reports()
    (candidate,) = report.candidates
    assert candidate.appointments == ()
    assert [
        (one.flag, one.appointment and one.appointment.appointment_ref) for one in candidate.seen
    ] == [(PresenceFlag.EARLY, "A-10")]
    done = await reception.desk.confirm(str(review.review_id), "", AIGUL)
    assert done.arrivals == ()
    assert done.presences == (PresenceReport("A-10", PresenceFlag.EARLY, Recorded.WRITTEN),)
    (presence,) = reception.store.presences
    assert (presence.patient_id, presence.appointment_id) == (ANNA, VISIT)
    assert (presence.occurred_at, presence.camera_id, presence.score) == (SEEN, "lobby-1", 4.5)
    assert (presence.flag, presence.decided_by) == (PresenceFlag.EARLY, "aigul")
    assert reception.store.check_ins == []
    (record,) = reception.store.records
    assert (record.decision, record.flags) == (ReviewDecision.CONFIRMED, (PresenceFlag.EARLY,))


async def test_whose_window_has_opened_meanwhile_arrives_as_of_now(reception: Reception) -> None:
    review = seen_only(reception)
    reception.store.starts_at = reception.clock.now() + timedelta(hours=2, minutes=5)
    reception.clock.advance(5 * 60)
    await reception.desk.confirm(str(review.review_id), "", AIGUL)
    (check_in,) = reception.store.check_ins
    assert (check_in.appointment_id, check_in.occurred_at) == (VISIT, reception.clock.now())
    assert (check_in.decided_by, check_in.score) == ("aigul", 4.5)
    assert "before the window opened" in (check_in.note or "")
    (presence,) = reception.store.presences
    assert presence.occurred_at == SEEN, "when they were seen is kept, too"


@pytest.mark.parametrize("act", ["reject", "expire"])
async def test_what_nobody_has_confirmed_leaves_nothing(reception: Reception, act: str) -> None:
    review = seen_only(reception)
    if act == "reject":
        await reception.desk.reject(str(review.review_id), AIGUL)
    else:
        stop = asyncio.Event()
        stop.set()
        await reception.desk.run(stop)
    assert (reception.store.presences, reception.store.check_ins) == ([], [])
    other = replace(review, review_id=uuid4(), track_id=99)
    assert not reception.queue.put(other), "it was asked for today"


async def test_who_has_arrived_meanwhile_is_not_asked_about(reception: Reception) -> None:
    seen_only(reception)
    reception.store.open.clear()
    assert await reception.desk.reports() == ()
    assert reception.queue.waiting() == ()


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
