"""Looking, confirming, rejecting, expiring: what is written, and what the next decision knows."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from streamer.domain.actor import Actor
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.domain.decision import Reason, SeenFor
from streamer.domain.presence import Presence, PresenceFlag
from streamer.domain.review import (
    Review,
    ReviewCandidate,
    ReviewDecision,
    ReviewRecord,
    Written,
)
from streamer.domain.review_report import PresenceReport
from streamer.errors import DatabaseError, InputError
from streamer.review_keeper import ReviewKeeper
from tests.unit.checkin.desk_of_reviews import (
    AIGUL,
    ANNA,
    BOTA,
    LATER,
    SEEN,
    VISIT,
    Reception,
    Store,
)


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
    with pytest.raises(InputError, match="review without an id: none waits"):
        await reception.desk.reject("", AIGUL)
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
    assert check_in.seen_at == SEEN, "a consent has to have held since then"
    assert "before the window opened" in (check_in.note or "")
    (presence,) = reception.store.presences
    assert presence.occurred_at == SEEN, "when they were seen is kept, too"


@pytest.mark.parametrize("first", ["keeper", "confirmation"])
async def test_a_withdrawal_beside_a_confirmation_ends_one_way_or_the_other(first: str) -> None:
    """The keeper drops the review at any point of the confirmation: before, or in its midst."""
    reception, dropped = Reception(), asyncio.Event()

    class Racing(Store):
        async def decide(
            self,
            records: Sequence[ReviewRecord],
            check_ins: Sequence[CheckIn],
            actor: Actor,
            presences: Sequence[Presence] = (),
        ) -> Written:
            # The withdrawal has committed, and the transaction reads the consent again.
            self.consenting.clear()
            await keeper.look()
            dropped.set()
            await super().decide(records, (), actor)
            refused = (Recorded.REFUSED_CONSENT,)
            return Written(refused * len(check_ins), refused * len(presences))

    store = Racing()
    store.starts_at = reception.clock.now() + timedelta(hours=2, minutes=5)
    keeper = ReviewKeeper(reception.queue, store, reception.clock)
    desk = reception.desk_over(store)
    review = seen_only(reception)
    reception.clock.advance(5 * 60)
    if first == "keeper":
        store.consenting.clear()
        await keeper.look()
    else:
        done = await desk.confirm(str(review.review_id), "", AIGUL)
        assert dropped.is_set()
        assert [one.recorded for one in done.arrivals] == [Recorded.REFUSED_CONSENT]
        assert [one.recorded for one in done.presences] == [Recorded.REFUSED_CONSENT]
        assert reception.queue.put(replace(review, review_id=uuid4(), candidates=again(review)))
        reception.queue.clear()
    with pytest.raises(InputError, match="has arrived, or consents no more"):
        await desk.confirm(str(review.review_id), "", AIGUL)
    assert len(store.records) == (first == "confirmation")
    assert store.check_ins == []


def again(review: Review) -> tuple[ReviewCandidate, ...]:
    """Seen after an arrival: no news just then, and some where nobody has arrived."""
    (candidate,) = review.candidates
    return (replace(candidate, seen=(SeenFor(PresenceFlag.AGAIN, VISIT),)),)


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
