"""Takes codes: counts the attempt, finds whose it is, decides, and writes what follows.

Called by `kirdi codes redeem` and by the pipelines of kiosk cameras. Nothing it says or does tells
an unknown code from one that is used, expired, or not for whoever shows it.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4, uuid5

import structlog

from streamer.checkin.codes.claim import ALL, Answer, Arrival, Choice, Claim, Redeemed
from streamer.checkin.codes.duties import same_person
from streamer.checkin.codes.way import Way
from streamer.checkin.decision import ArrivalPolicy, ShownEvidence, decide
from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.domain.attempt import Attempt, Failure
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.domain.claim import Holder, Shown, Visit
from streamer.domain.decision import Decision, Outcome, Reason
from streamer.domain.presence import Presence, presence_id
from streamer.errors import InputError, OutsideError

log = structlog.get_logger(__name__)

_REFUSED = Redeemed(Answer.REFUSED)


class OpenClaim(Protocol):
    """A claim in the middle of its transaction; `storage.claims.OpenClaim` is one."""

    holder: Holder | None
    about: UUID | None
    flaw: str

    async def may(self, actor: Actor, patient_id: UUID) -> bool:
        """May this person have a hand in a check-in of the patient?"""
        ...

    async def visits(self) -> Sequence[Visit]:
        """The holder's appointments and the dependants', by id."""
        ...

    async def arrive(self, check_in: CheckIn) -> Recorded:
        """Write a check-in."""
        ...

    async def note(self, presence: Presence) -> None:
        """Write that the patient was there."""
        ...

    async def use_up(self, by: str, device_id: str) -> None:
        """The code has done its work."""
        ...

    async def taken(self, by: str, device_id: str, answer: str) -> None:
        """Keep on record that the claim was good, and what came of it."""
        ...


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


@dataclass(frozen=True, slots=True)
class _Settled:
    """What came of an open claim, and what the log should know besides."""

    redeemed: Redeemed
    flaw: str = ""
    about: UUID | None = None


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

    async def redeem(self, claim: Claim, actors: Sequence[Actor]) -> Redeemed:
        """Take one claim.

        Args:
            claim: What was shown.
            actors: Whoever has a hand in it: at a terminal who works there; nobody at a kiosk.

        Raises:
            InputError: A guardian's choice names an appointment that is not on the list.
            DatabaseError: It is not known whether anything was written; showing it again is safe.
        """
        now = self._clock.now()
        way = next((one for one in self._ways if one.takes(claim)), None)
        if way is None:
            _tell(claim, _Settled(_REFUSED, "no code"))
            return _REFUSED
        attempt: Attempt | None = None
        if way.guessable:
            attempt = await self._attempts.begin(claim.device.device_id, now)
            if attempt is None:
                await self._claims.look_in_vain(now)
                _tell(claim, _Settled(_REFUSED, "the device has to wait"))
                return _REFUSED
        try:
            settled = await self._settle(claim, way, actors, now)
        except InputError:
            await self._take_back(attempt)
            raise
        if settled.redeemed.answer is Answer.REFUSED:
            failure = Failure(
                claim.device.device_id,
                settled.flaw,
                _by(claim, actors),
                settled.about,
                way.guessable,
            )
            await self._attempts.failed(failure, now)
        else:
            await self._take_back(attempt)
        _tell(claim, settled)
        return settled.redeemed

    async def _take_back(self, attempt: Attempt | None) -> None:
        if attempt is not None:
            await self._attempts.succeeded(attempt)

    async def _settle(
        self, claim: Claim, way: Way, actors: Sequence[Actor], now: datetime
    ) -> _Settled:
        try:
            shown = await way.shown(claim)
        except OutsideError as error:
            return _Settled(Redeemed(Answer.AWAY, fault=str(error)), str(error))
        if shown is None:
            return _Settled(_REFUSED, "the service knows no such code")
        async with self._claims.opened(shown, now) as found:
            holder = found.holder
            if holder is None:
                return _Settled(_REFUSED, found.flaw, found.about)
            issuer = holder.issuer
            if issuer is not None and any(same_person(issuer.name, one.name) for one in actors):
                return _Settled(_REFUSED, "its issuer redeems it", holder.patient_id)
            taking = _Taking(self._site_id, claim, way.method, holder, found, self._policy, now)
            settled = await taking.run(actors)
            if settled.redeemed.answer is not Answer.REFUSED:
                answer = settled.redeemed.answer.value.replace("_", "-")
                await found.taken(_by(claim, actors), claim.device.device_id, answer)
            return settled


class _Taking:
    """One good claim, being taken."""

    def __init__(
        self,
        site_id: str,
        claim: Claim,
        method: Method,
        holder: Holder,
        found: OpenClaim,
        policy: ArrivalPolicy,
        now: datetime,
    ) -> None:
        self._site_id = site_id
        self._claim = claim
        self._device = claim.device
        self._method = method
        self._holder = holder
        self._found = found
        self._policy = policy
        self._now = now

    async def run(self, actors: Sequence[Actor]) -> _Settled:
        """Decide and write."""
        visits = await self._found.visits()
        patients = {self._holder.patient_id, *(one.appointment.patient_id for one in visits)}
        # The issuer, too: a visit with them may have been booked since.
        issuer = self._holder.issuer
        for actor in (*actors, *(() if issuer is None else (issuer,))):
            for patient_id in patients:
                if not await self._found.may(actor, patient_id):
                    return _Settled(_REFUSED, "own patient", self._holder.patient_id)
        decisions = self._decisions(visits)
        choices = self._choices(visits, decisions)
        if not self._claim.chosen and self._must_choose(choices):
            return _Settled(Redeemed(Answer.CHOOSE, choices=choices, code_id=self._holder.code_id))
        wanted = self._wanted(choices)
        return await self._take(visits, decisions, wanted, actors)

    def _decisions(self, visits: Sequence[Visit]) -> dict[int, Decision]:
        """What the presence of each means, by dependant; the holder's own is always among them."""
        whose = {0, *(one.dependant for one in visits)}
        evidence = ShownEvidence(self._device.building)
        return {
            number: decide(
                evidence,
                [one.appointment for one in visits if one.dependant == number],
                self._policy,
                self._now,
            )
            for number in sorted(whose)
        }

    def _choices(
        self, visits: Sequence[Visit], decisions: dict[int, Decision]
    ) -> tuple[Choice, ...]:
        """Who can arrive now."""
        due = {
            key
            for one in decisions.values()
            if one.outcome is Outcome.ARRIVE
            for key in one.appointments
        }
        return tuple(
            Choice(
                one.appointment_ref,
                one.dependant,
                one.appointment.starts_at,
                one.appointment.building,
            )
            for one in sorted(visits, key=lambda one: (one.dependant, one.appointment.starts_at))
            if one.appointment.appointment_id in due
        )

    def _must_choose(self, choices: Sequence[Choice]) -> bool:
        """Nobody can be asked at a camera: one single child is no question there."""
        if all(one.dependant == 0 for one in choices):
            return False
        return not (self._device.camera and len(choices) == 1)

    def _wanted(self, choices: Sequence[Choice]) -> frozenset[str]:
        """References of what is to arrive.

        Raises:
            InputError: Something chosen cannot arrive now.
        """
        possible = frozenset(one.appointment_ref for one in choices)
        chosen = frozenset(self._claim.chosen)
        if not chosen or ALL in chosen:
            return possible
        wrong = chosen - possible
        if wrong:
            raise InputError(
                f"--for {min(wrong)}: is not among those who can arrive now; redeem the code "
                "without --for to see them"
            )
        return chosen

    async def _take(
        self,
        visits: Sequence[Visit],
        decisions: dict[int, Decision],
        wanted: frozenset[str],
        actors: Sequence[Actor],
    ) -> _Settled:
        arrivals = []
        # By id, as everybody locks appointments.
        for visit in sorted(visits, key=lambda one: one.appointment.appointment_id):
            if visit.appointment_ref in wanted:
                check_in = self._check_in(visit, actors)
                recorded = await self._found.arrive(check_in)
                arrivals.append(Arrival(visit.appointment_ref, check_in.evidence, recorded))
        decision = decisions[0] if not arrivals else None
        if decision is not None and decision.reason is Reason.NO_APPOINTMENT:
            # A guardian without an appointment of their own is told about the children's.
            decision = decisions[max(decisions)]
        await self._note(visits, decisions, wanted)
        done = tuple(arrivals)
        code_id = self._holder.code_id
        if any(one.recorded is Recorded.WRITTEN for one in done):
            await self._found.use_up(_by(self._claim, actors), self._device.device_id)
            redeemed = Redeemed(Answer.ARRIVED, Reason.WINDOW_OPEN, done, code_id=code_id)
        elif any(one.recorded is Recorded.DUPLICATE for one in done):
            redeemed = Redeemed(Answer.NOT_ARRIVED, Reason.ALREADY_ARRIVED, done, code_id=code_id)
        else:
            reason = Reason.NO_OPEN_APPOINTMENT if decision is None else decision.reason
            redeemed = Redeemed(Answer.NOT_ARRIVED, reason, done, code_id=code_id)
        return _Settled(redeemed)

    async def _note(
        self, visits: Sequence[Visit], decisions: dict[int, Decision], wanted: frozenset[str]
    ) -> None:
        """Write the presences: the holder's, and those of dependants who were chosen.

        Who shows the code is there; whether a dependant is nobody has said.
        """
        patients = {one.dependant: one.appointment.patient_id for one in visits}
        patients[0] = self._holder.patient_id
        chosen = {one.dependant for one in visits if one.appointment_ref in wanted}
        for number in {0, *chosen} if not chosen or 0 in chosen else chosen:
            for seen in decisions[number].presences:
                await self._found.note(
                    Presence(
                        presence_id=presence_id(
                            patients[number],
                            seen.appointment_id,
                            seen.flag,
                            self._method,
                            self._device.device_id,
                            self._now,
                        ),
                        site_id=self._site_id,
                        patient_id=patients[number],
                        appointment_id=seen.appointment_id,
                        flag=seen.flag,
                        method=self._method,
                        evidence=self._grade(number),
                        occurred_at=self._now,
                        building=self._device.building,
                        camera_id=self._camera_id,
                        device_id=self._device.device_id,
                    )
                )

    def _check_in(self, visit: Visit, actors: Sequence[Actor]) -> CheckIn:
        code_id, appointment_id = self._holder.code_id, visit.appointment.appointment_id
        return CheckIn(
            # One code arrives once at one appointment, however often it is delivered.
            event_id=uuid4() if code_id is None else uuid5(code_id, str(appointment_id)),
            site_id=self._site_id,
            appointment_id=appointment_id,
            patient_id=visit.appointment.patient_id,
            method=self._method,
            evidence=self._grade(visit.dependant),
            occurred_at=self._now,
            camera_id=self._camera_id,
            score=None,
            threshold=None,
            pack_id=None,
            decided_by=actors[0].name if actors else None,
            device_id=self._device.device_id,
        )

    def _grade(self, dependant: int) -> EvidenceGrade:
        return self._holder.grade if dependant == 0 else EvidenceGrade.GUARDIAN

    @property
    def _camera_id(self) -> str | None:
        return self._device.device_id if self._device.camera else None


def _by(claim: Claim, actors: Sequence[Actor]) -> str:
    """Who redeems it, as recorded: at a kiosk the device itself."""
    return actors[0].name if actors else claim.device.device_id


def _tell(claim: Claim, settled: _Settled) -> None:
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
