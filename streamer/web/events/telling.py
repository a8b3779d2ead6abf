"""What a change of the day is to each page: the same words for all who may know the same. Pure."""

import json
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from streamer.domain.day_change import ReviewChange
from streamer.domain.day_row import DayRow
from streamer.web.event_stream import StreamedEvent
from streamer.web.events.view import View
from streamer.web.models.schedule import live_of


class Telling:
    """Some changes, put into words once for each kind of view."""

    def __init__(
        self,
        keys: Collection[UUID],
        rows: Sequence[DayRow],
        owners: Mapping[UUID, Collection[str]],
        reviews: Sequence[ReviewChange],
        identity: str,
    ) -> None:
        """Keep what happened.

        Args:
            keys: The rows that are others now.
            rows: As they are now; those that have left the day are missing.
            owners: Whose each of them is, or was today.
            reviews: What came and went.
            identity: Where to go on after it.
        """
        self._keys = keys
        self._rows = {row.key: row for row in rows}
        self._owners = owners
        self._reviews = reviews
        self._identity = identity
        self._said: dict[tuple[bool, bool, bool, frozenset[str] | None], str] = {}
        self._told: dict[View, tuple[StreamedEvent, ...]] = {}

    def to(self, view: View) -> Sequence[StreamedEvent]:
        """Return what a page with this view is told; perhaps nothing."""
        if view not in self._told:
            self._told[view] = tuple(self._to(view))
        return self._told[view]

    def _to(self, view: View) -> list[StreamedEvent]:
        told = []
        if view.rows and (data := self._of_rows(view)) != "[]":
            told.append(StreamedEvent("appointments", data, self._identity))
        if view.reviews:
            seen = [one for one in self._reviews if view.may_see_review(one.camera_id)]
            if seen:
                data = json.dumps(
                    [{"review_id": str(one.review_id), "waiting": one.waiting} for one in seen]
                )
                told.append(StreamedEvent("reviews", data, self._identity))
        return told

    def _of_rows(self, view: View) -> str:
        kind = (view.seen, view.codes, view.consents, view.practitioner_refs)
        if kind not in self._said:
            said = (self._row(key, view) for key in self._keys)
            self._said[kind] = f"[{','.join(one for one in said if one)}]"
        return self._said[kind]

    def _row(self, key: UUID, view: View) -> str:
        row, own = self._rows.get(key), view.practitioner_refs
        if row is not None and (own is None or row.entry.practitioner_ref in own):
            live = live_of(row, seen=view.seen, codes=view.codes, consents=view.consents)
            return live.model_dump_json(exclude_none=True)
        if own is None or not own.isdisjoint(self._owners.get(key, ())):
            return json.dumps({"key": str(key), "gone": True})
        return ""
