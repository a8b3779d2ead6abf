"""The reviews that wait for a person. In the service's memory only, bounded, ten minutes each.

Filled by `checkin.service`, emptied by `checkin.review_desk`. Knows no clock: every call says when.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from streamer.domain.decision import Reason
from streamer.domain.review import Review, ReviewCandidate

LIFETIME = timedelta(minutes=10)
_DAY = timedelta(days=1)
MOST_WAITING = 100
"""With crops of 256 pixels a side at most this is 20 MB."""


class ReviewQueue:
    """At most a hundred, oldest first; one patient and one track stand in one of them only."""

    def __init__(self) -> None:
        """Start empty."""
        self._reviews: dict[UUID, Review] = {}
        self._shed: list[Review] = []
        # What a person has decided about a track, until the track has been silent for a lifetime.
        self._settled: dict[tuple[str, int, UUID], datetime] = {}
        # Appointments whose conflict a person has dealt with: they need not be told twice.
        self._told: dict[UUID, datetime] = {}

    def put(self, review: Review) -> bool:
        """Take in a review, or add it to one that waits for the same patient or track.

        What is added keeps its id, its time and its place in the queue. Shown from then on is the
        surer of the two sightings, whole: its figures, its crop and its time belong together.

        Returns:
            False where a person has rejected this patient on this very track, or has dealt with
            this very conflict.
        """
        if review.reason is Reason.NOSHOW_SET and self._told.keys() >= set(
            review.candidates[0].appointments
        ):
            return False
        key = (review.camera_id, review.track_id, review.candidates[0].patient_id)
        if key in self._settled:
            self._settled[key] = review.opened_at
            return False
        waiting = self._same(review)
        if waiting is not None:
            self._reviews[waiting.review_id] = _merged(waiting, review)
            return True
        if len(self._reviews) >= MOST_WAITING:
            oldest = next(iter(self._reviews))
            self._shed.append(replace(self._reviews.pop(oldest), crop=None))
        self._reviews[review.review_id] = review
        return True

    def waiting(self) -> tuple[Review, ...]:
        """All of them, oldest first."""
        return tuple(self._reviews.values())

    def find(self, beginning: str) -> Sequence[Review]:
        """Those whose id begins so."""
        return [one for key, one in self._reviews.items() if str(key).startswith(beginning.lower())]

    def take(self, review_id: UUID) -> None:
        """Let go of one, its crop included; an unknown one is fine."""
        self._reviews.pop(review_id, None)

    def clear(self) -> tuple[Review, ...]:
        """Let go of all of them, and say which they were."""
        gone = self.waiting()
        self._reviews.clear()
        return gone

    def silence(self, review: Review, now: datetime) -> None:
        """Never propose the candidates of a rejected review on the same track again."""
        for one in review.candidates:
            self._settled[review.camera_id, review.track_id, one.patient_id] = now

    def settle(self, review: Review, now: datetime) -> None:
        """Do not put the same conflict before a person again; of other reviews nothing is kept."""
        if review.reason is Reason.NOSHOW_SET:
            for one in review.candidates:
                self._told |= dict.fromkeys(one.appointments, now)

    def withdraw(self, patient_id: UUID) -> tuple[Review, ...]:
        """Let go of those led by a patient who has arrived meanwhile without a person's help."""
        gone = [one for one in self.waiting() if one.candidates[0].patient_id == patient_id]
        for one in gone:
            self.take(one.review_id)
        return tuple(gone)

    def expire(self, now: datetime) -> tuple[Review, ...]:
        """Let go of those past their time, and say which; so it does with those shed since."""
        over = [one for one in self.waiting() if now - one.opened_at >= LIFETIME]
        for one in over:
            self.take(one.review_id)
        for one in self.waiting():
            # A sighting may have waited for the database before its review was opened.
            if one.crop is not None and now - one.captured_at >= LIFETIME:
                self._reviews[one.review_id] = replace(one, crop=None)
        self._settled = {key: seen for key, seen in self._settled.items() if now - seen < LIFETIME}
        self._told = {key: told for key, told in self._told.items() if now - told < _DAY}
        shed, self._shed = self._shed, []
        return (*shed, *over)

    def _same(self, review: Review) -> Review | None:
        lead = review.candidates[0].patient_id
        for one in self._reviews.values():
            of_track = (one.camera_id, one.track_id) == (review.camera_id, review.track_id)
            if of_track or one.candidates[0].patient_id == lead:
                return one
        return None


def _merged(waiting: Review, new: Review) -> Review:
    """The surer sighting under the older one's id, with everybody who came into question.

    And with every appointment that either is about: a conflict hides nothing that can be arrived
    at.
    """
    surer, other = waiting, new
    if new.candidates[0].score > waiting.candidates[0].score:
        surer, other = new, waiting
    others = {one.patient_id: one for one in other.candidates}
    known = tuple(_with_appointments(one, others.get(one.patient_id)) for one in surer.candidates)
    same = {one.patient_id for one in known}
    more = tuple(one for one in other.candidates if one.patient_id not in same)
    return replace(
        surer,
        review_id=waiting.review_id,
        opened_at=waiting.opened_at,
        reason=other.reason if surer.reason is Reason.NOSHOW_SET else surer.reason,
        candidates=known + more,
    )


def _with_appointments(one: ReviewCandidate, other: ReviewCandidate | None) -> ReviewCandidate:
    if other is None:
        return one
    more = tuple(key for key in other.appointments if key not in one.appointments)
    return replace(one, appointments=one.appointments + more)
