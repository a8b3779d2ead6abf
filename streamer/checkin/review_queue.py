"""The reviews that wait for a person. In the service's memory only, bounded, ten minutes each.

Filled by `checkin.service`, emptied by `checkin.review_desk`. Knows no clock: every call says when.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from uuid import UUID

from streamer.domain.decision import Reason
from streamer.domain.presence import ONCE_IN_S, PresenceFlag
from streamer.domain.review import LIFETIME, Review, ReviewCandidate

_DAY = timedelta(days=1)
_JUST_NOW = timedelta(seconds=ONCE_IN_S)
MOST_WAITING = 100
"""With crops of 256 pixels a side at most this is 20 MB."""


class ReviewQueue:
    """At most a hundred, oldest first; one patient and one track stand in one of them only.

    Attributes:
        changed: Set by every change of what waits; whoever waits for it clears it.
    """

    def __init__(self, zone: tzinfo = UTC) -> None:
        """Start empty; `zone` is the site's, and says when a day ends."""
        self.changed = asyncio.Event()
        self._zone = zone
        self._reviews: dict[UUID, Review] = {}
        self._shed: list[Review] = []
        # What a person has decided about a track, until the track has been silent for a lifetime.
        self._settled: dict[tuple[str, int, UUID], datetime] = {}
        # Appointments whose conflict a person has dealt with: they need not be told twice.
        self._told: dict[UUID, datetime] = {}
        # On which day a look at this kind of presence of a patient was last asked for.
        self._asked: dict[tuple[UUID, PresenceFlag], date] = {}
        # When a patient's arrival was confirmed: who is seen a minute later is no news.
        self._arrived: dict[UUID, datetime] = {}

    def put(self, review: Review) -> bool:
        """Take in a review, or add it to one that waits for the same patient or track.

        What is added keeps its id, its time and its place in the queue. Shown from then on is the
        surer of the two sightings, whole: its figures, its crop and its time belong together.

        Returns:
            False where a person has rejected this patient on this very track, has dealt with this
            very conflict, or has been asked today about such presences of the patient.
        """
        lead = review.candidates[0]
        if review.reason is Reason.NOSHOW_SET and self._told.keys() >= set(lead.appointments):
            return False
        key = (review.camera_id, review.track_id, lead.patient_id)
        if key in self._settled:
            self._settled[key] = review.opened_at
            return False
        waiting = self._same(review)
        if waiting is None and self._is_no_news(review):
            return False
        self._note_asked(review)
        self.changed.set()
        if waiting is not None:
            self._reviews[waiting.review_id] = _merged(waiting, review)
            return True
        if len(self._reviews) >= MOST_WAITING:
            oldest = next(iter(self._reviews))
            self._shed.append(replace(self._reviews.pop(oldest), crop=None))
        self._reviews[review.review_id] = review
        return True

    def asked(self, flags: Iterable[tuple[UUID, PresenceFlag]], at: datetime) -> None:
        """Remember that looks at such presences were asked for on the day of `at` (aware)."""
        self._asked |= dict.fromkeys(flags, self._day(at))

    def waiting(self) -> tuple[Review, ...]:
        """All of them, oldest first."""
        return tuple(self._reviews.values())

    def find(self, beginning: str) -> Sequence[Review]:
        """Those whose id begins so."""
        return [one for key, one in self._reviews.items() if str(key).startswith(beginning.lower())]

    def take(self, review_id: UUID) -> None:
        """Let go of one, its crop included; an unknown one is fine."""
        if self._reviews.pop(review_id, None) is not None:
            self.changed.set()

    def clear(self) -> tuple[Review, ...]:
        """Let go of all of them, and say which they were."""
        gone = self.waiting()
        self._reviews.clear()
        self.changed.set()
        return gone

    def silence(self, review: Review, now: datetime) -> None:
        """Never propose the candidates of a rejected review on the same track again."""
        for one in review.candidates:
            self._settled[review.camera_id, review.track_id, one.patient_id] = now

    def settle(self, review: Review, now: datetime) -> None:
        """Do not put the same conflict before a person again; of other reviews nothing is kept."""
        if review.reason is Reason.NOSHOW_SET:
            self.tell([key for one in review.candidates for key in one.appointments], now)

    def tell(self, appointments: Iterable[UUID], now: datetime) -> None:
        """A person has dealt with these conflicts, wherever: none waits for them alone."""
        self._told |= dict.fromkeys(appointments, now)
        for one in self.waiting():
            about = set(one.candidates[0].appointments)
            if one.reason is Reason.NOSHOW_SET and self._told.keys() >= about:
                self.take(one.review_id)

    def arrived(self, patient_id: UUID, now: datetime) -> None:
        """A person has confirmed an arrival: to be seen again shortly after is no news."""
        self._arrived[patient_id] = now

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
        today = self._day(now)
        self._asked = {key: day for key, day in self._asked.items() if day >= today}
        self._arrived = {key: at for key, at in self._arrived.items() if now - at < _JUST_NOW}
        shed, self._shed = self._shed, []
        return (*shed, *over)

    def _is_no_news(self, review: Review) -> bool:
        """Is it about presences only, none of which is worth asking a person for?"""
        if any(one.appointments for one in review.candidates) or not review.candidates[0].flags:
            return False
        lead, today = review.candidates[0], self._day(review.captured_at)
        at = self._arrived.get(lead.patient_id)
        just_arrived = at is not None and review.opened_at - at < _JUST_NOW
        return not any(
            self._asked.get((lead.patient_id, flag)) != today
            for flag in lead.flags
            if not (flag is PresenceFlag.AGAIN and just_arrived)
        )

    def _note_asked(self, review: Review) -> None:
        flags = ((one.patient_id, flag) for one in review.candidates for flag in one.flags)
        self.asked(flags, review.captured_at)

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    def _same(self, review: Review) -> Review | None:
        lead = review.candidates[0].patient_id
        for one in self._reviews.values():
            of_track = (one.camera_id, one.track_id) == (review.camera_id, review.track_id)
            if of_track or one.candidates[0].patient_id == lead:
                return one
        return None


def _merged(waiting: Review, new: Review) -> Review:
    """The surer sighting under the older one's id, with everybody who came into question.

    A sighting by which somebody can arrive counts before one that came too early for that. And with
    every appointment that either is about: a conflict hides nothing that can be arrived at.
    """
    surer, other = waiting, new
    if _weight(new) > _weight(waiting):
        surer, other = new, waiting
    others = {one.patient_id: one for one in other.candidates}
    known = tuple(_with_appointments(one, others.get(one.patient_id)) for one in surer.candidates)
    same = {one.patient_id for one in known}
    # What the other sighting leaves was seen at another moment, and not of these people alone.
    more = tuple(replace(one, seen=()) for one in other.candidates if one.patient_id not in same)
    return replace(
        surer,
        review_id=waiting.review_id,
        opened_at=waiting.opened_at,
        reason=other.reason if surer.reason is Reason.NOSHOW_SET else surer.reason,
        candidates=known + more,
    )


def _weight(review: Review) -> tuple[bool, float]:
    lead = review.candidates[0]
    return bool(lead.appointments), lead.score


def _with_appointments(one: ReviewCandidate, other: ReviewCandidate | None) -> ReviewCandidate:
    if other is None:
        return one
    more = tuple(key for key in other.appointments if key not in one.appointments)
    return replace(one, appointments=one.appointments + more)
