"""One good claim, being taken: who of its people is here, what they arrive at, and what is kept.

Made by `checkin.codes.redeeming`, in the middle of the claim's transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID, uuid4, uuid5

from streamer.checkin.codes.claim import ALL, Answer, Arrival, Choice, Claim, Redeemed
from streamer.checkin.codes.meant import HERE, meant_by
from streamer.checkin.decision import ArrivalPolicy, ShownEvidence, decide
from streamer.domain.actor import Actor
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.attempt import Attempt
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.domain.claim import Holder, Visit
from streamer.domain.decision import Decision, Outcome, Reason
from streamer.domain.presence import Presence, presence_id
from streamer.domain.shown_review import ShownReview
from streamer.errors import InputError

REFUSED: Final = Redeemed(Answer.REFUSED)


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

    async def use_up(self) -> None:
        """The code has done its work."""
        ...

    async def taken(self, by: str, device_id: str, answer: str, attempt: Attempt | None) -> None:
        """Keep on record that the claim was good, and what came of it; the attempt is taken back.

        Committed with everything else of the claim, or not at all.
        """
        ...

    async def review(self, review: ShownReview) -> None:
        """Have a conflict wait for a person; comes after everything else."""
        ...


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of an open claim, and what the log should know besides."""

    redeemed: Redeemed
    flaw: str = ""
    about: UUID | None = None


class Taking:
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
        """Keep what is known of it; `run` once."""
        self._site_id = site_id
        self._claim = claim
        self._device = claim.device
        self._method = method
        self._holder = holder
        self._found = found
        self._policy = policy
        self._now = now

    async def run(self, actors: Sequence[Actor]) -> Settled:
        """Decide and write."""
        visits = await self._found.visits()
        patients = {self._holder.patient_id, *(one.appointment.patient_id for one in visits)}
        # The issuer, too: a visit with them may have been booked since.
        issuer = self._holder.issuer
        for actor in (*actors, *(() if issuer is None else (issuer,))):
            for patient_id in patients:
                if not await self._found.may(actor, patient_id):
                    return Settled(REFUSED, "own patient", self._holder.patient_id)
        if self._claim.disputed:
            return await self._dispute(visits)
        decisions = self._decisions(visits)
        choices = self._offered(self._choices(visits, decisions))
        if not self._claim.chosen and self._must_choose(choices):
            return Settled(Redeemed(Answer.CHOOSE, choices=choices, code_id=self._holder.code_id))
        wanted = self._wanted(choices)
        return await self._take(visits, decisions, wanted, actors)

    async def _dispute(self, visits: Sequence[Visit]) -> Settled:
        """Somebody was checked in for the holder who says that they were not here: ask a person.

        Of a guardian's code it is about the dependants only where the guardian has no such visit.
        """
        arrived = [
            one
            for one in visits
            if one.appointment.status in HERE and self._policy.near(one.appointment, self._now)
        ]
        about = [one for one in arrived if one.dependant == 0] or arrived
        code_id = self._holder.code_id
        if not about:
            nothing = Redeemed(Answer.NOT_ARRIVED, Reason.NO_OPEN_APPOINTMENT, code_id=code_id)
            return Settled(nothing)
        for patient_id in sorted({one.appointment.patient_id for one in about}):
            whose = [one for one in about if one.appointment.patient_id == patient_id]
            ids = tuple(sorted(one.appointment.appointment_id for one in whose))
            grade = self._grade(whose[0].dependant)
            await self._found.review(self._review(patient_id, ids, Reason.DISPUTED, grade))
        redeemed = Redeemed(Answer.DISPUTED, Reason.DISPUTED, code_id=code_id, to_review=True)
        return Settled(redeemed)

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
        """Who can arrive now; and of the dependants whom the clinic says nobody came for.

        Whether a dependant is here only their guardian can say.
        """
        due = {
            key
            for one in decisions.values()
            if one.outcome is Outcome.ARRIVE
            for key in one.appointments
        }
        denied = {key for number, one in decisions.items() if number != 0 for key in one.conflicts}
        return tuple(
            Choice(
                one.appointment_ref,
                one.dependant,
                one.appointment.starts_at,
                one.appointment.building,
                one.appointment.appointment_id in denied,
            )
            for one in sorted(visits, key=lambda one: (one.dependant, one.appointment.starts_at))
            if one.appointment.appointment_id in due | denied
        )

    def _offered(self, choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
        """Nobody is asked about dependants who did not come, but where there is a choice anyway."""
        due = tuple(one for one in choices if not one.denied)
        alone = self._device.camera or all(one.dependant == 0 for one in due)
        return due if due and alone and not self._claim.chosen else choices

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
                f"{min(wrong)}: is not among those who can arrive now; redeem the code without "
                "choosing to see them",
                command="leave out --for",
            )
        return chosen

    async def _take(
        self,
        visits: Sequence[Visit],
        decisions: dict[int, Decision],
        wanted: frozenset[str],
        actors: Sequence[Actor],
    ) -> Settled:
        arrivals = []
        # By id, as everybody locks appointments.
        for visit in sorted(visits, key=lambda one: one.appointment.appointment_id):
            can_arrive = visit.appointment.status is not AppointmentStatus.NOSHOW
            if visit.appointment_ref in wanted and can_arrive:
                check_in = self._check_in(visit, actors)
                recorded = await self._found.arrive(check_in)
                arrivals.append(Arrival(visit.appointment_ref, check_in.evidence, recorded))
        decision = decisions[0] if not arrivals else None
        seen = self._seen(visits, wanted)
        if decision is not None and decision.reason is Reason.NO_APPOINTMENT:
            # A guardian without an appointment of their own is told about the children's.
            decision = decisions[max(seen) or max(decisions)]
        await self._note(seen, decisions, actors)
        done = tuple(arrivals)
        code_id = self._holder.code_id
        if any(one.recorded is Recorded.WRITTEN for one in done):
            await self._found.use_up()
            redeemed = Redeemed(Answer.ARRIVED, Reason.WINDOW_OPEN, done, code_id=code_id)
        elif any(one.recorded is Recorded.DUPLICATE for one in done):
            redeemed = Redeemed(Answer.NOT_ARRIVED, Reason.ALREADY_ARRIVED, done, code_id=code_id)
        else:
            reason = Reason.NO_OPEN_APPOINTMENT if decision is None else decision.reason
            meant = self._meant(reason, [one for one in visits if one.dependant in seen])
            redeemed = Redeemed(Answer.NOT_ARRIVED, reason, done, code_id=code_id, meant=meant)
        asked = await self._ask(seen, decisions)
        return Settled(replace(redeemed, to_review=asked))

    def _meant(self, reason: Reason, visits: Sequence[Visit]) -> tuple[Choice, ...]:
        building = self._device.building
        return tuple(
            Choice(
                one.appointment_ref,
                one.dependant,
                one.appointment.starts_at,
                one.appointment.building,
            )
            for one in meant_by(reason, visits, building, self._policy, self._now)
        )

    def _seen(self, visits: Sequence[Visit], wanted: frozenset[str]) -> dict[int, UUID]:
        """Who is here, by dependant: the holder, and those of the dependants who were chosen.

        Who shows the code is there; whether a dependant is nobody has said.
        """
        patients = {one.dependant: one.appointment.patient_id for one in visits}
        patients[0] = self._holder.patient_id
        chosen = {one.dependant for one in visits if one.appointment_ref in wanted}
        numbers = {0, *chosen} if not chosen or 0 in chosen else chosen
        return {number: patients[number] for number in sorted(numbers)}

    async def _note(
        self, seen: dict[int, UUID], decisions: dict[int, Decision], actors: Sequence[Actor]
    ) -> None:
        """Write the presences of who is here; by id, as two at once must not cross."""
        presences, issuer = [], self._holder.issuer
        for number, patient_id in seen.items():
            for one in decisions[number].presences:
                presences.append(
                    Presence(
                        presence_id=presence_id(
                            patient_id,
                            one.appointment_id,
                            one.flag,
                            self._method,
                            self._device.device_id,
                            self._now,
                        ),
                        site_id=self._site_id,
                        patient_id=patient_id,
                        appointment_id=one.appointment_id,
                        flag=one.flag,
                        method=self._method,
                        evidence=self._grade(number),
                        occurred_at=self._now,
                        building=self._device.building,
                        camera_id=self._camera_id,
                        device_id=self._device.device_id,
                        decided_by=actors[0].name if actors else None,
                        issuer_refs=() if issuer is None else issuer.practitioner_refs,
                    )
                )
        for presence in sorted(presences, key=lambda one: one.presence_id):
            await self._found.note(presence)

    async def _ask(self, seen: dict[int, UUID], decisions: dict[int, Decision]) -> bool:
        """Put the conflicts of who is here before a person; True where there are any.

        By patient, as everybody opens them.
        """
        in_conflict = [
            (patient_id, number)
            for number, patient_id in seen.items()
            if decisions[number].conflicts
        ]
        for patient_id, number in sorted(in_conflict):
            conflicts, grade = decisions[number].conflicts, self._grade(number)
            review = self._review(patient_id, conflicts, Reason.NOSHOW_SET, grade)
            await self._found.review(review)
        return bool(in_conflict)

    def _review(
        self,
        patient_id: UUID,
        appointments: tuple[UUID, ...],
        reason: Reason,
        grade: EvidenceGrade,
    ) -> ShownReview:
        return ShownReview(
            review_id=uuid4(),
            patient_id=patient_id,
            appointments=appointments,
            reason=reason,
            method=self._method,
            evidence=grade,
            opened_at=self._now,
            shown_at=self._now,
            building=self._device.building,
            camera_id=self._camera_id,
            device_id=self._device.device_id,
            code_id=self._holder.code_id,
            vouched_by=self._holder.issuer,
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


def redeemer(claim: Claim, actors: Sequence[Actor]) -> str:
    """Who redeems it, as recorded: at a kiosk the device itself."""
    return actors[0].name if actors else claim.device.device_id
