"""The queue is bounded in number and time, and one person or track stands in it once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import numpy as np

from streamer.checkin.rejections import Rejections
from streamer.checkin.review_queue import MOST_WAITING, ReviewQueue
from streamer.domain.decision import Reason, SeenFor
from streamer.domain.identity import Band
from streamer.domain.presence import PresenceFlag
from streamer.domain.review import LIFETIME, Rejection, Review, ReviewCandidate

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
ANNA, BOTA, DANA = UUID(int=1), UUID(int=2), UUID(int=3)
VISIT = UUID(int=10)


def review(
    *people: UUID, score: float = 4.5, track: int = 1, camera: str = "lobby-1", at: datetime = NOW
) -> Review:
    candidates = tuple(
        ReviewCandidate(one, score - 0.1 * place, (VISIT,)) for place, one in enumerate(people)
    )
    return Review(
        uuid4(),
        at,
        at,
        camera,
        track,
        "main",
        Reason.NOT_CALIBRATED,
        Band.ACCEPT,
        4.0,
        "open-1",
        candidates,
        np.zeros((8, 8, 3), np.uint8),
    )


def people(queue: ReviewQueue) -> list[list[UUID]]:
    return [[one.patient_id for one in each.candidates] for each in queue.waiting()]


def test_a_second_sighting_of_the_same_patient_updates_the_first() -> None:
    queue = ReviewQueue()
    first = review(ANNA, score=4.5)
    surer = review(ANNA, score=5.5, camera="lobby-2", at=NOW + timedelta(minutes=1))
    for one in (first, surer, review(ANNA, score=5.0, track=9)):
        assert queue.put(one)
    (waiting,) = queue.waiting()
    assert (waiting.review_id, waiting.opened_at) == (first.review_id, NOW)
    # Of the surer sighting all that was seen: figures, time and crop belong together.
    assert (waiting.captured_at, waiting.camera_id) == (surer.captured_at, "lobby-2")
    assert waiting.crop is surer.crop
    assert waiting.candidates == surer.candidates


def test_a_track_that_changes_its_mind_is_one_review_of_both() -> None:
    queue = ReviewQueue()
    queue.put(review(ANNA, score=4.5))
    queue.put(review(BOTA, score=4.9))
    assert people(queue) == [[BOTA, ANNA]]


def test_different_people_wait_apart() -> None:
    queue = ReviewQueue()
    queue.put(review(ANNA, BOTA))
    queue.put(review(BOTA, ANNA, track=2))
    assert people(queue) == [[ANNA, BOTA], [BOTA, ANNA]]


def test_after_ten_minutes_it_is_gone_with_its_crop() -> None:
    queue = ReviewQueue()
    queue.put(review(ANNA))
    later = NOW + timedelta(minutes=5)
    queue.put(review(ANNA, score=9.0, at=later))
    assert queue.expire(NOW + LIFETIME - timedelta(seconds=1)) == ()
    (gone,) = queue.expire(NOW + LIFETIME)
    assert gone.candidates[0].score == 9.0
    assert queue.waiting() == ()


def test_the_crop_of_a_sighting_that_waited_goes_earlier() -> None:
    queue = ReviewQueue()
    queue.put(replace(review(ANNA), captured_at=NOW - timedelta(minutes=9)))
    queue.expire(NOW)
    assert queue.waiting()[0].crop is not None
    queue.expire(NOW + timedelta(minutes=1))
    assert queue.waiting()[0].crop is None


def test_a_full_queue_sheds_the_oldest() -> None:
    queue = ReviewQueue()
    for number in range(MOST_WAITING + 1):
        queue.put(review(uuid4(), track=number, at=NOW + timedelta(seconds=number)))
    assert len(queue.waiting()) == MOST_WAITING
    assert queue.waiting()[0].track_id == 1
    (shed,) = queue.expire(NOW)
    assert (shed.track_id, shed.crop) == (0, None)


def test_a_rejected_track_is_not_proposed_for_the_same_patients_again() -> None:
    queue = ReviewQueue()
    rejected = review(ANNA, BOTA)
    queue.put(rejected)
    queue.silence(rejected, NOW)
    queue.take(rejected.review_id)
    assert not queue.put(review(ANNA))
    assert not queue.put(review(BOTA))
    assert queue.put(review(DANA))
    assert queue.put(review(ANNA, track=2))


def test_the_silence_ends_when_the_track_has() -> None:
    queue = ReviewQueue()
    queue.silence(review(ANNA), NOW)
    almost = NOW + LIFETIME - timedelta(seconds=1)
    assert not queue.put(review(ANNA, at=almost))
    queue.expire(almost + LIFETIME - timedelta(seconds=1))
    assert not queue.put(review(ANNA, at=almost))
    queue.expire(almost + LIFETIME)
    assert queue.put(review(ANNA))


def test_an_id_may_be_cut_short() -> None:
    queue = ReviewQueue()
    first, second = (
        replace(review(who, track=number), review_id=UUID(f"abcd{number}" + 27 * "0"))
        for number, who in ((1, ANNA), (2, BOTA))
    )
    queue.put(first)
    queue.put(second)
    assert queue.find("ABCD1") == [first]
    assert queue.find("abcd") == [first, second]
    assert queue.find("x") == []


def test_no_picture_shows_where_a_review_is_printed() -> None:
    assert "crop" not in repr(review(ANNA))


def test_rejections_are_of_the_sites_day_and_keep_the_highest_score() -> None:
    almaty = Rejections(timezone(timedelta(hours=5)))
    evening = datetime(2026, 11, 23, 18, 59, tzinfo=UTC)  # 23:59 there
    almaty.add([Rejection(ANNA, 4.0, evening), Rejection(ANNA, 3.0, evening)])
    assert almaty.score(ANNA, evening) == 4.0
    assert almaty.score(BOTA, evening) is None
    assert almaty.score(ANNA, evening + timedelta(minutes=1)) is None
    almaty.add([Rejection(BOTA, 5.0, evening + timedelta(minutes=2))])
    almaty.add([Rejection(ANNA, 6.0, evening)])
    assert almaty.score(ANNA, evening + timedelta(minutes=3)) is None
    assert almaty.score(BOTA, evening + timedelta(minutes=3)) == 5.0


def seen_only(
    *flags: PresenceFlag, who: UUID = ANNA, track: int = 1, at: datetime = NOW, score: float = 4.5
) -> Review:
    """A look that leads to presences and to no arrival."""
    candidate = ReviewCandidate(who, score, (), tuple(SeenFor(one, VISIT) for one in flags))
    return replace(review(who, track=track, at=at), candidates=(candidate,))


EARLY, LATE, AGAIN = PresenceFlag.EARLY, PresenceFlag.LATE, PresenceFlag.AGAIN


def test_a_presence_is_asked_for_once_a_day_answered_or_not() -> None:
    queue = ReviewQueue(timezone(timedelta(hours=5)))
    assert queue.put(seen_only(EARLY))
    queue.expire(NOW + LIFETIME)
    later = NOW + timedelta(hours=1)
    assert not queue.put(seen_only(EARLY, track=2, at=later))
    assert queue.put(seen_only(EARLY, track=3, who=BOTA, at=later)), "somebody else"
    assert queue.put(seen_only(LATE, track=4, at=later)), "it says something else"
    # 23:59 and midnight there.
    evening = datetime(2026, 11, 23, 18, 59, tzinfo=UTC)
    queue.clear()
    queue.expire(evening)
    assert not queue.put(seen_only(EARLY, track=5, at=evening))
    assert queue.put(seen_only(EARLY, track=5, at=evening + timedelta(minutes=1)))


def test_what_was_asked_before_a_restart_is_known() -> None:
    queue = ReviewQueue()
    queue.asked([(ANNA, EARLY)], NOW)
    assert not queue.put(seen_only(EARLY))
    assert queue.put(review(ANNA)), "an arrival is asked for all the same"


def test_a_surer_sighting_replaces_the_one_that_waits_though_it_was_asked_for() -> None:
    queue = ReviewQueue()
    first = seen_only(EARLY)
    assert queue.put(first)
    assert queue.put(seen_only(EARLY, track=2, score=6.0, at=NOW + timedelta(minutes=1)))
    (waiting,) = queue.waiting()
    assert (waiting.review_id, waiting.candidates[0].score) == (first.review_id, 6.0)


def test_when_the_window_opens_the_sighting_in_it_is_what_waits() -> None:
    queue = ReviewQueue()
    queue.put(seen_only(EARLY, score=9.0))
    opened = NOW + timedelta(minutes=1)
    queue.put(review(ANNA, score=4.5, at=opened))
    (waiting,) = queue.waiting()
    assert waiting.captured_at == opened, "by the one before nobody can arrive"
    assert (waiting.candidates[0].appointments, waiting.candidates[0].seen) == ((VISIT,), ())


def test_to_be_seen_again_is_no_news_right_after_an_arrival() -> None:
    queue = ReviewQueue()
    queue.arrived(ANNA, NOW)
    minute = NOW + timedelta(minutes=1)
    assert not queue.put(seen_only(AGAIN, at=minute))
    assert queue.put(seen_only(AGAIN, EARLY, at=minute)), "early for another visit"
    queue.clear()
    queue = ReviewQueue()
    queue.arrived(ANNA, NOW)
    assert queue.put(seen_only(AGAIN, at=NOW + timedelta(minutes=10)))


def test_whatever_changes_is_told() -> None:
    queue = ReviewQueue()
    one = review(ANNA)
    for change in (
        lambda: queue.put(one),
        lambda: queue.take(one.review_id),
        queue.clear,
        lambda: queue.put(one),
        lambda: queue.expire(NOW + LIFETIME),
    ):
        queue.changed.clear()
        change()
        assert queue.changed.is_set()


def test_a_conflict_dealt_with_elsewhere_waits_no_more() -> None:
    queue = ReviewQueue()
    conflict = replace(review(ANNA), reason=Reason.NOSHOW_SET)
    queue.put(conflict)
    queue.put(review(BOTA, track=2))
    queue.tell([VISIT], NOW)
    assert people(queue) == [[BOTA]]
    assert not queue.put(conflict)
