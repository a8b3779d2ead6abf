"""What kiosks and boards ask for, for `web.resources.Kiosk` and `Board`."""

import asyncio
import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import numpy as np
import structlog
from PIL import Image, UnidentifiedImageError

from config.settings import Settings
from streamer.api.kiosk_answer import kiosk_answer, references_in
from streamer.checkin.codes.claim import Claim
from streamer.checkin.codes.qr_picture import read_qr
from streamer.checkin.codes.redeeming import Redeeming
from streamer.clock import Clock
from streamer.domain.claim import Device
from streamer.domain.device import PairedDevice
from streamer.errors import InputError, KirdiError
from streamer.storage.attempts import PostgresAttempts, Scope
from streamer.storage.tickets import PostgresTickets
from streamer.web.models.kiosk import BoardLine, KioskAnswer

log = structlog.get_logger(__name__)

_MOST_PIXELS: Final = 2_100_000
"""A picture of 1920x1080; more reads no better, and a small file may hold billions."""
_AT_ONCE: Final = 2


class ApiKiosk:
    """The counter for those who come by themselves."""

    def __init__(
        self,
        settings: Settings,
        redeeming: Redeeming,
        attempts: PostgresAttempts,
        tickets: PostgresTickets,
        clock: Clock,
    ) -> None:
        """Keep the collaborators."""
        self._redeeming = redeeming
        self._attempts = attempts
        self._tickets = tickets
        self._clock = clock
        self._opens_before = timedelta(minutes=settings.arrival.opens_before_min)
        self._reading = asyncio.Semaphore(_AT_ONCE)

    async def show(
        self, device: PairedDevice, code: str, chosen: Sequence[str], *, disputed: bool = False
    ) -> KioskAnswer:
        """Take a code that somebody shows at a device; nobody has a hand in it.

        Raises:
            InputError: Something chosen cannot arrive.
            DatabaseError: It is not known whether anything was written; showing it again is safe.
        """
        where = Device(device.device_id, device.building)
        claim = Claim(code, where, chosen=tuple(chosen), disputed=disputed)
        redeemed = await self._redeeming.redeem(claim, ())
        refs = references_in(redeemed)
        places = await self._tickets.places(refs) if refs else {}
        wait_s = await self._wait_s(device) if redeemed.answer.value == "refused" else None
        return kiosk_answer(redeemed, places, self._opens_before, wait_s)

    async def read(self, picture: bytes) -> str | None:
        """Return the text of the first QR code in a JPEG; it is gone with the answer.

        Raises:
            InputError: It is no picture, or has too many pixels.
            KirdiError: Others are being read.
        """
        if self._reading.locked():
            # The next one comes at once: an older one is worth no wait.
            raise KirdiError("kiosk: other pictures are being read; try again")
        async with self._reading:
            return await asyncio.to_thread(_text_in, picture)

    async def called(self, building: str | None, most: int) -> Sequence[BoardLine]:
        """The newest arrivals by number; raises DatabaseError."""
        called = await self._tickets.called(building, most, self._clock.now())
        return [BoardLine.model_validate(one) for one in called]

    async def _wait_s(self, device: PairedDevice) -> float | None:
        now = self._clock.now()
        for one in await self._attempts.listed(now):
            here = one.scope == Scope.DEVICE and one.subject == device.device_id
            if here and one.blocked_until is not None:
                return (one.blocked_until - now).total_seconds()
        return None


def _text_in(picture: bytes) -> str | None:
    """Blocking; raises InputError."""
    try:
        # The header alone says how large it is.
        with Image.open(io.BytesIO(picture), formats=("JPEG",)) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise InputError(
                    f"picture: more than {_MOST_PIXELS // 1_000_000} megapixels; send smaller"
                )
            pixels = np.asarray(opened.convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise InputError("picture: is no JPEG that can be read") from error
    except Image.DecompressionBombError as error:
        raise InputError("picture: has far too many pixels") from error
    return next(iter(read_qr(pixels)), None)
