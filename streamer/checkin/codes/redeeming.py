"""Takes codes: counts the attempt, finds whose it is, decides, and writes what follows.

Called by `kirdi codes redeem` and by the pipelines of kiosk cameras. Nothing it says or does tells
an unknown code from one that is used, expired, or not for whoever shows it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final, Protocol

import structlog

from streamer.checkin.codes.claim import Answer, Claim, Redeemed
from streamer.checkin.codes.duties import same_person
from streamer.checkin.codes.taking import REFUSED, OpenClaim, Settled, Taking, redeemer
from streamer.checkin.codes.way import Way
from streamer.checkin.decision import ArrivalPolicy
from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.domain.attempt import Attempt, Failure
from streamer.domain.claim import Shown
from streamer.domain.decision import Reason
from streamer.errors import DatabaseError, InputError, OutsideError

log = structlog.get_logger(__name__)

# So many at once, first come first served. A redemption takes a connection twice: without an order
# fifty at once overtake each other in between, and some wait twice as long as most.
_PLACES: Final = 4
_WAIT_S: Final = 10.0


class Claims(Protocol):
    """Opens claims."""

    def opened(self, shown: Shown, now: datetime) -> AbstractAsyncContextManager[OpenClaim]:
        """Find whose it is; committed at the end of the block."""
        ...

    async def look_in_vain(self, now: datetime) -> None:
        """Do the work of a look-up that finds nothing."""
        ...


class Attempts(Protocol):
    """Counts attempts; `storage.attempts.PostgresAttempts` does."""

    async def begin(self, device_id: str, now: datetime) -> Attempt | None:
        """Count one before it is evaluated; None while the device has to wait."""
        ...

    async def succeeded(self, attempt: Attempt) -> None:
        """Take it back."""
        ...

    async def failed(self, failure: Failure, now: datetime) -> None:
        """Count the failure elsewhere, too, and keep it on record."""
        ...


class Redeeming:
    """The counter at which codes are taken, whatever they are and wherever they are shown."""

    def __init__(
        self,
        site_id: str,
        ways: Sequence[Way],
        claims: Claims,
        attempts: Attempts,
        policy: ArrivalPolicy,
        clock: Clock,
    ) -> None:
        """Keep the collaborators; of `ways` the first that takes a claim gets it."""
        self._site_id = site_id
        self._ways = tuple(ways)
        self._claims = claims
        self._attempts = attempts
        self._policy = policy
        self._clock = clock
        self._places = asyncio.Semaphore(_PLACES)

    async def redeem(self, claim: Claim, actors: Sequence[Actor]) -> Redeemed:
        """Take one claim.

        Args:
            claim: What was shown.
            actors: Whoever has a hand in it: at a terminal who works there; nobody at a kiosk.

        Raises:
            InputError: A guardian's choice names an appointment that is not on the list.
            DatabaseError: It is not known whether anything was written; showing it again is safe.
        """
        way = next((one for one in self._ways if one.takes(claim)), None)
        if way is None:
            _tell(claim, Settled(REFUSED, "no code"))
            return REFUSED
        if way.outside:
            # Its answer may take seconds, and nobody else should wait for it.
            return await self._redeem(claim, way, actors)
        try:
            async with asyncio.timeout(_WAIT_S):
                await self._places.acquire()
        except TimeoutError:
            raise DatabaseError("codes: too many are shown at once; show it again") from None
        try:
            return await self._redeem(claim, way, actors)
        finally:
            self._places.release()

    async def _redeem(self, claim: Claim, way: Way, actors: Sequence[Actor]) -> Redeemed:
        now = self._clock.now()
        attempt: Attempt | None = None
        if way.guessable:
            attempt = await self._attempts.begin(claim.device.device_id, now)
            if attempt is None:
                await self._claims.look_in_vain(now)
                _tell(claim, Settled(REFUSED, "the device has to wait"))
                return REFUSED
        try:
            settled = await self._settle(claim, way, actors, now, attempt)
        except InputError:
            await self._take_back(attempt)
            raise
        answer = settled.redeemed.answer
        if answer is Answer.REFUSED:
            failure = Failure(
                claim.device.device_id,
                settled.flaw,
                redeemer(claim, actors),
                settled.about,
                way.guessable,
            )
            await self._attempts.failed(failure, now)
        elif answer is Answer.AWAY:
            await self._take_back(attempt)
        _tell(claim, settled)
        return settled.redeemed

    async def _take_back(self, attempt: Attempt | None) -> None:
        if attempt is not None:
            await self._attempts.succeeded(attempt)

    async def _settle(
        self,
        claim: Claim,
        way: Way,
        actors: Sequence[Actor],
        now: datetime,
        attempt: Attempt | None,
    ) -> Settled:
        try:
            shown = await way.shown(claim)
        except OutsideError as error:
            return Settled(Redeemed(Answer.AWAY, fault=str(error)), str(error))
        if shown is None:
            return Settled(REFUSED, "the service knows no such code")
        async with self._claims.opened(shown, now) as found:
            holder = found.holder
            if holder is None:
                return Settled(REFUSED, found.flaw, found.about)
            issuer = holder.issuer
            if issuer is not None and any(same_person(issuer.name, one.name) for one in actors):
                return Settled(REFUSED, "its issuer redeems it", holder.patient_id)
            taking = Taking(self._site_id, claim, way.method, holder, found, self._policy, now)
            settled = await taking.run(actors)
            if settled.redeemed.answer is not Answer.REFUSED:
                answer = settled.redeemed.answer.value.replace("_", "-")
                by, device_id = redeemer(claim, actors), claim.device.device_id
                await found.taken(by, device_id, answer, attempt)
        if _asks(settled.redeemed):
            way.asked(claim, shown)
        return settled


def _asks(redeemed: Redeemed) -> bool:
    """May the holder have something to say to it: with whom they come, or that it wasn't them?"""
    choose = redeemed.answer is Answer.CHOOSE
    return choose or redeemed.reason is Reason.ALREADY_ARRIVED


def _tell(claim: Claim, settled: Settled) -> None:
    """Opaque ids and reasons; never what was shown."""
    redeemed = settled.redeemed
    log.info(
        "code shown",
        device=claim.device.device_id,
        answer=redeemed.answer.value,
        reason=None if redeemed.reason is None else redeemed.reason.value,
        code=None if redeemed.code_id is None else str(redeemed.code_id),
        appointments=len(redeemed.arrivals),
        flaw=settled.flaw or None,
    )
