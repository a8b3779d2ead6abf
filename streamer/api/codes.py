"""Codes issued and taken, for `web.resources.Codes`."""

from collections.abc import Sequence
from typing import Final

import structlog

from config.settings import Settings
from streamer.checkin.codes.claim import Answer, Claim
from streamer.checkin.codes.issuing import Issuing
from streamer.checkin.codes.qr_picture import qr_modules
from streamer.checkin.codes.redeeming import Redeeming
from streamer.clock import Clock
from streamer.code_counters import device_named, hands_in_it
from streamer.domain.actor import Actor
from streamer.domain.code import CodeOrder, IssuedCode
from streamer.errors import InputError
from streamer.storage.attempts import PostgresAttempts, Scope
from streamer.web.models.codes import Arrival, Choice, CodeShown, Device, Redemption

log = structlog.get_logger(__name__)

_ADVICE: Final = {
    Answer.CHOOSE: (
        "send the code once more, with everybody who has come in `for`, or `all`: that uses it up"
    ),
    Answer.AWAY: (
        "the national service does not answer: check in with a code or QR code of the clinic's "
        "own, or by hand at the desk"
    ),
}


class ApiCodes:
    """The counters of one site."""

    def __init__(
        self,
        settings: Settings,
        issuing: Issuing,
        redeeming: Redeeming,
        attempts: PostgresAttempts,
        clock: Clock,
    ) -> None:
        """Keep the collaborators."""
        self._settings = settings
        self._issuing = issuing
        self._redeeming = redeeming
        self._attempts = attempts
        self._clock = clock

    async def issue(self, order: CodeOrder, by: Actor) -> IssuedCode:
        """Put one in force; raises InputError, OutsideError, DatabaseError."""
        return await self._issuing.issue(order, by)

    def drawn(self, text: str) -> Sequence[str]:
        """A QR code's modules, row by row; raises KirdiError where it cannot be drawn."""
        return qr_modules(text)

    async def redeem(self, shown: CodeShown, by: Actor) -> Redemption:
        """Take one.

        Raises:
            InputError: There is no such device or building, or no such choice.
            DatabaseError: It is not known whether anything was written; showing it again is safe.
        """
        if shown.egov and self._settings.egov.url is None:
            raise InputError("egov: is not set up here; issue a code of the clinic's own")
        device = device_named(self._settings, shown.device, shown.building)
        claim = Claim(shown.code.get_secret_value(), device, shown.egov, tuple(shown.chosen))
        done = await self._redeeming.redeem(claim, hands_in_it(self._settings, by, device))
        return Redemption(
            answer=done.answer.value,
            reason=done.reason,
            arrivals=[Arrival.model_validate(one) for one in done.arrivals],
            choices=[Choice.model_validate(one) for one in done.choices],
            to_review=done.to_review,
            meant=[Choice.model_validate(one) for one in done.meant],
            advice=_ADVICE.get(done.answer),
        )

    async def devices(self) -> Sequence[Device]:
        """Where wrong codes were shown today; raises DatabaseError."""
        rows = await self._attempts.listed(self._clock.now())
        return [Device.model_validate(one) for one in rows]

    async def unblock(self, device: str, by: Actor) -> bool:
        """Let a device take codes again; raises DatabaseError."""
        done = await self._attempts.forgive(Scope.DEVICE, device, by, self._clock.now())
        if done:
            log.warning("device unblocked", device=device, by=by.name)
        return done
