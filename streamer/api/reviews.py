"""Waiting reviews, for `web.resources.Reviews`."""

import asyncio
import io
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from PIL import Image

from matcher.face import Image as Pixels
from streamer.checkin.review_desk import ReviewDesk
from streamer.domain.actor import Actor
from streamer.domain.review_report import ConfirmationReport, ReviewReport
from streamer.web.resources import Crop

_QUALITY: Final = 90


class ApiReviews:
    """The review desk of the running service."""

    def __init__(self, desk: ReviewDesk) -> None:
        """Keep the desk."""
        self._desk = desk

    async def reports(self) -> Sequence[ReviewReport]:
        """All that wait, oldest first; raises DatabaseError."""
        return await self._desk.reports()

    async def crop(self, review_id: UUID) -> Crop | None:
        """One's picture, made for this one look."""
        review = self._desk.waiting(review_id)
        if review is None:
            return None
        jpeg = None if review.crop is None else await asyncio.to_thread(_jpeg, review.crop)
        return Crop(review.camera_id, jpeg, tuple(one.patient_id for one in review.candidates))

    async def report(self, review_id: UUID) -> ReviewReport | None:
        """One of them; raises DatabaseError."""
        waiting = await self._desk.reports()
        return next((one for one in waiting if one.review_id == str(review_id)), None)

    async def confirm(self, beginning: str, patient_ref: str, actor: Actor) -> ConfirmationReport:
        """It is this candidate; raises InputError, DatabaseError."""
        return await self._desk.confirm(beginning, patient_ref, actor)

    async def reject(self, beginning: str, actor: Actor) -> None:
        """It is none of them; raises InputError, DatabaseError."""
        await self._desk.reject(beginning, actor)


def _jpeg(crop: Pixels) -> bytes:
    """Blocking."""
    held = io.BytesIO()
    Image.fromarray(crop).save(held, "JPEG", quality=_QUALITY)
    return held.getvalue()
