"""Who was said today not to be the patient: remembered for the day, over restarts too.

Held in memory, so that a decision waits for no database; filled from the `reviews` table at the
start, which has every rejection before the person who made it is told so.
"""

from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from uuid import UUID

from streamer.domain.review import Rejection


class Rejections:
    """Those of the site's current day; at most one for each patient of the gallery."""

    def __init__(self, zone: tzinfo) -> None:
        """Start without any; `zone` says when the day ends."""
        self._zone = zone
        self._day = date.min
        self._scores: dict[UUID, float] = {}

    def add(self, rejections: Iterable[Rejection]) -> None:
        """Remember some. One of an earlier day than the latest is none any more."""
        for one in rejections:
            day = one.decided_at.astimezone(self._zone).date()
            if day > self._day:
                self._day = day
                self._scores.clear()
            if day == self._day:
                known = self._scores.get(one.patient_id, one.score)
                self._scores[one.patient_id] = max(known, one.score)

    def score(self, patient_id: UUID, now: datetime) -> float | None:
        """The highest score of the patient rejected on the day of `now` (aware); None if none."""
        if now.astimezone(self._zone).date() != self._day:
            return None
        return self._scores.get(patient_id)
