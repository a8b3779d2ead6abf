"""A face that waits for a person goes when its patient withdraws, and not before."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from streamer.domain.review_report import ReviewReferences
from streamer.errors import DatabaseError
from streamer.review_keeper import ReviewKeeper
from tests.unit.checkin.desk_of_reviews import ANNA, BOTA, SEEN, VISIT, Reception, Store


class Away(Store):
    """Doesn't answer at first."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.failures = 0, 0

    async def describe(
        self, patients: Sequence[UUID], appointments: Sequence[UUID]
    ) -> ReviewReferences:
        self.asked += 1
        if self.failures:
            self.failures -= 1
            raise DatabaseError("database: away")
        return await super().describe(patients, appointments)


async def test_a_withdrawal_takes_the_waiting_face_with_it() -> None:
    reception, store = Reception(), Away()
    keeper = ReviewKeeper(reception.queue, store, reception.clock)
    await keeper.look()
    assert store.asked == 0, "nothing waits"
    reception.waits((ANNA, 4.5, (VISIT,)), (BOTA, 4.1, ()))
    store.consenting.remove(BOTA)
    await keeper.look()
    assert len(reception.queue.waiting()) == 1, "it is most like Anna, who consents"
    store.consenting.remove(ANNA)
    store.failures = 1
    with pytest.raises(DatabaseError):
        await keeper.look()
    assert len(reception.queue.waiting()) == 1
    reception.queue.changed.clear()
    await keeper.look()
    assert reception.queue.waiting() == ()
    assert reception.queue.changed.is_set(), "the database is to forget it, too"


async def test_a_consent_signed_within_the_same_second_keeps_no_face_of_before() -> None:
    reception = Reception()
    keeper = ReviewKeeper(reception.queue, reception.store, reception.clock)
    review = reception.waits((ANNA, 4.5, (VISIT,)))
    reception.store.since = SEEN
    await keeper.look()
    assert reception.queue.waiting() == (review,)
    # Withdrawn and signed anew after the sighting: who is asked for now consents all the same.
    reception.store.since = SEEN + timedelta(microseconds=1)
    assert await reception.desk.reports() == ()
    assert reception.queue.put(review)
    await keeper.look()
    assert reception.queue.waiting() == ()


async def test_it_looks_by_itself_and_outlasts_an_outage() -> None:
    reception, store, stop = Reception(), Away(), asyncio.Event()
    keeper = ReviewKeeper(reception.queue, store, reception.clock)
    reception.waits((ANNA, 4.5, (VISIT,)))
    store.consenting.clear()
    store.failures = 3
    running = asyncio.create_task(keeper.run(stop))
    reception.queue.changed.clear()
    await asyncio.wait_for(reception.queue.changed.wait(), 5)
    assert reception.queue.waiting() == ()
    stop.set()
    await asyncio.wait_for(running, 5)
    assert store.asked == 4, "thrice in vain; and of an empty queue nothing is asked"
