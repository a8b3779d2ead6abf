"""Enrolment from uploaded photos, for `web.resources.Enrolments`."""

import asyncio
from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.errors import InputError, KirdiError
from streamer.patients.enrolment import Enrolment
from streamer.patients.photo import Photo, photo_of
from streamer.storage.schedules import ScheduleCache
from streamer.web.models.patients import Enrolled, PhotoAdvice
from streamer.web.resources import SentPhoto

# Decoded, ten photos of a good camera are a gigabyte: so many pixels are held at once.
_MOST_PIXELS: Final = 120_000_000
_WAIT_S: Final = 30.0
_MOST_LOOKS: Final = 2


class ApiEnrolments:
    """One at a time: the cameras want the matcher, too."""

    def __init__(
        self, enrolment: Enrolment, schedules: ScheduleCache, zone: tzinfo, clock: Clock
    ) -> None:
        """Keep the collaborators; `schedules` forgets the day, `zone` is the site's."""
        self._enrolment = enrolment
        self._schedules = schedules
        self._zone = zone
        self._clock = clock
        self._one = asyncio.Lock()
        self._looking = asyncio.Semaphore(_MOST_LOOKS)

    async def enrol(
        self,
        patient_ref: str,
        photos: Sequence[SentPhoto],
        consent_ref: str,
        anyway: bool,
        by: Actor,
    ) -> Enrolled:
        """Make a template of photos, upon a consent in force.

        Raises:
            InputError: No consent, photos that cannot be used, or a face that may be enrolled
                under another reference.
            KirdiError: Others are being enrolled, for half a minute already.
            DatabaseError: Nothing was written.
            VaultError: The patient's profile does not open; nothing was written.
        """
        try:
            async with asyncio.timeout(_WAIT_S):
                await self._one.acquire()
        except TimeoutError:
            raise KirdiError("enrolment: others are being enrolled; try again") from None
        try:
            pictures = await asyncio.to_thread(_decoded, photos)
            now = self._clock.now()
            enrolled = await self._enrolment.enrol(
                patient_ref, pictures, consent_ref, now, by=by, anyway=anyway
            )
            await self._schedules.invalidate([now.astimezone(self._zone).date()])
        finally:
            self._one.release()
        return Enrolled.model_validate(enrolled)

    async def advise(self, photo: SentPhoto) -> PhotoAdvice:
        """Say what could be better about a picture; it is gone with the answer.

        Raises:
            InputError: It is no picture.
            KirdiError: Another one is being looked at.
        """
        if self._looking.locked():
            # The next picture comes in half a second: an older one is worth no wait.
            raise KirdiError("advice: others are taking pictures; try again")
        async with self._looking:
            (picture,) = await asyncio.to_thread(_decoded, [photo])
            return PhotoAdvice.model_validate(await self._enrolment.advise(picture))


def _decoded(photos: Sequence[SentPhoto]) -> list[Photo]:
    """Blocking; raises InputError."""
    pictures: list[Photo] = []
    pixels = 0
    for one in photos:
        picture = photo_of(one.name, one.content)
        pixels += picture.image.shape[0] * picture.image.shape[1]
        if pixels > _MOST_PIXELS:
            raise InputError(
                f"photos: more than {_MOST_PIXELS // 1_000_000} megapixels in all; send smaller"
            )
        pictures.append(picture)
    return pictures
