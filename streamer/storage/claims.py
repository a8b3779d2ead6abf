"""The transaction in which somebody without a face is found and checked in.

Opened by `checkin.codes.redeeming`, which decides in the middle of it: the code is used up and the
check-in written together or not at all.
"""

import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final
from uuid import UUID

import asyncpg

from streamer.crypto.code_hash import CodeHash
from streamer.crypto.keyed_hash import KeyedHash
from streamer.crypto.signed_token import TokenSigner
from streamer.crypto.vault import Vault
from streamer.domain.actor import Actor
from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.domain.attempt import Attempt
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.check_in import CheckIn, EvidenceGrade, Recorded
from streamer.domain.claim import DigitsShown, Holder, PersonShown, Shown, TokenShown, Visit
from streamer.domain.person import Person
from streamer.domain.presence import Presence
from streamer.domain.shown_review import ShownReview
from streamer.errors import InputError
from streamer.storage.audit import append, body_of
from streamer.storage.check_ins import PostgresCheckIns, Result
from streamer.storage.local_day import LocalDay
from streamer.storage.own_patients import refuse_own_patient
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.presences import PostgresPresences
from streamer.storage.queries import sql
from streamer.storage.waiting_reviews import PostgresWaitingReviews
from streamer.storage.wards import wards_among

# Whoever has to wait costs the database the same look-up, for digits nobody has.
_NO_DIGITS = "none"
_DIED: Final = "the patient is recorded as deceased"


@dataclass(frozen=True, slots=True)
class ClaimKeys:
    """What a claim is recognised by; the vault opens birth dates of a guardian's dependants."""

    hashes: CodeHash
    signer: TokenSigner
    numbers: KeyedHash
    vault: Vault


@dataclass(frozen=True, slots=True)
class ClaimReach:
    """How far from now an appointment may begin.

    Attributes:
        opens_before: That somebody comes for: its arrival window,
        closes_after: before its start and after it.
        digits_before: That digits are known for: from its presence window on, and on its day.
    """

    opens_before: timedelta
    closes_after: timedelta
    digits_before: timedelta


class OpenClaim:
    """A claim in the middle of its transaction.

    Attributes:
        holder: Whom it is good for; None = nobody.
        about: Whose it was, if it is good for nobody any more and was not guessed.
        flaw: Why it is good for nobody, for the log; shown to nobody.
    """

    def __init__(
        self,
        claims: "PostgresClaims",
        connection: Connection,
        found: "_Found",
        now: datetime,
    ) -> None:
        """Made by `PostgresClaims.opened`."""
        self.holder = found.holder
        self.about = found.about
        self.flaw = found.flaw
        self._found = found
        self._claims = claims
        self._connection = connection
        self._now = now
        self._used = False
        self._taken: _Taken | None = None
        self.results: list[tuple[CheckIn, Result]] = []

    async def may(self, actor: Actor, patient_id: UUID) -> bool:
        """May this person have a hand in it? Not where they bill visits of the patient."""
        return await self._claims.may(self._connection, actor, patient_id, self._now)

    async def visits(self) -> tuple[Visit, ...]:
        """The holder's appointments, and the dependants': the day's, or the code's own one."""
        return self._found.visits

    async def arrive(self, check_in: CheckIn) -> Recorded:
        """Write a check-in; it counts once the transaction has ended."""
        result = await self._claims.check_ins.write_unaudited(self._connection, check_in)
        self.results.append((check_in, result))
        return result.recorded

    async def note(self, presence: Presence) -> None:
        """Write that the patient was there."""
        await self._claims.presences.write(self._connection, presence)

    async def review(self, review: ShownReview) -> None:
        """Have a conflict wait for a person; after everything else of the transaction."""
        await self._claims.reviews.open(self._connection, review)

    async def use_up(self) -> None:
        """The code has done its work; nothing where the claim rests on none."""
        self._used = True

    async def taken(self, by: str, device_id: str, answer: str, attempt: Attempt | None) -> None:
        """The claim was good: keep in the audit what came of it, and take the attempt back."""
        assert self.holder is not None
        code_id = self.holder.code_id
        event = AuditEvent(
            AuditKind.CODE_ATTEMPT,
            AuditAction.EXECUTE,
            by,
            self._now,
            patient_id=self.holder.patient_id,
            entity_type="device",
            entity_id=device_id,
            reason=answer,
            detail=(
                ("code", None if code_id is None else str(code_id)),
                ("grade", self.holder.grade.value),
            ),
        )
        self._taken = _Taken(by, device_id, attempt, event)

    async def close(self) -> None:
        """Write what is left: the code's use, the attempt's taking back, the audit; in one."""
        said = [result.event for _, result in self.results if result.event is not None]
        await self._claims.close(self._connection, said, self._taken, self._code_id(), self._now)

    def _code_id(self) -> UUID | None:
        return self.holder.code_id if self.holder is not None and self._used else None


@dataclass(frozen=True, slots=True)
class _Taken:
    """That a claim was good, at the end of it."""

    by: str
    device_id: str
    attempt: Attempt | None
    event: AuditEvent


@dataclass(frozen=True, slots=True)
class _Found:
    """What the database knows of a claim."""

    holder: Holder | None
    flaw: str = ""
    about: UUID | None = None
    visits: tuple[Visit, ...] = ()


class PostgresClaims:
    """Opens claims."""

    def __init__(
        self,
        postgres: Postgres,
        keys: ClaimKeys,
        check_ins: PostgresCheckIns,
        presences: PostgresPresences,
        reviews: PostgresWaitingReviews,
        site: tuple[str, tzinfo],
        reach: ClaimReach,
    ) -> None:
        """Keep the collaborators; `site` is its id and time zone."""
        self.check_ins = check_ins
        self.presences = presences
        self.reviews = reviews
        self._postgres = postgres
        self._keys = keys
        self._site_id, self._zone = site
        self._reach = reach

    @asynccontextmanager
    async def opened(self, shown: Shown, now: datetime) -> AsyncIterator[OpenClaim]:
        """Find whose claim it is; what is done with it is committed at the end of the block.

        The code's row is locked first: of two who show it at once the second finds it used.

        Raises:
            DatabaseError: It is not known whether anything was written.
        """
        async with self._postgres.transaction() as connection:
            claim = OpenClaim(self, connection, await self._find(connection, shown, now), now)
            yield claim
            await claim.close()
        for check_in, result in claim.results:
            await self.check_ins.tell(check_in, result)

    async def close(
        self,
        connection: Connection,
        said: Sequence[AuditEvent],
        taken: "_Taken | None",
        used_up: UUID | None,
        now: datetime,
    ) -> None:
        """See `OpenClaim.close`."""
        if taken is None:
            await append(connection, self._site_id, said)
            return
        attempt = taken.attempt
        await connection.execute(
            sql("close_claim"),
            self._site_id,
            [body_of(one) for one in (*said, taken.event)],
            used_up,
            taken.by,
            taken.device_id,
            None if attempt is None else attempt.subject,
            now,
            None if attempt is None else attempt.blocked_until,
        )

    async def look_in_vain(self, now: datetime) -> None:
        """Do the work of looking a code up that nobody has."""
        async with self._postgres.transaction() as connection:
            await self._by_digits(connection, _NO_DIGITS, now)

    async def may(
        self, connection: Connection, actor: Actor, patient_id: UUID, now: datetime
    ) -> bool:
        """See `OpenClaim.may`."""
        try:
            await refuse_own_patient(connection, self._site_id, actor, patient_id, now)
        except InputError:
            return False
        return True

    def _span(self, now: datetime) -> tuple[datetime, datetime]:
        """Between which moments an appointment begins that somebody may come for now."""
        day = LocalDay.containing(now, self._zone)
        # Around midnight a window reaches into the day before or after.
        return (
            min(day.start, now - self._reach.closes_after),
            max(day.end, now + self._reach.opens_before),
        )

    async def _find(self, connection: Connection, shown: Shown, now: datetime) -> _Found:
        match shown:
            case DigitsShown(digits):
                return await self._by_digits(connection, digits, now)
            case TokenShown(text):
                return await self._by_token(connection, text, now)
            case PersonShown(person):
                return await self._by_number(connection, person, now)

    async def _by_digits(self, connection: Connection, digits: str, now: datetime) -> _Found:
        wanted = self._keys.hashes.of(digits)
        # Who comes on the day is told when to come again; of days ahead nobody learns anything.
        day = LocalDay.containing(now, self._zone)
        latest = max(day.end, now + self._reach.digits_before)
        rows = await connection.fetch(
            sql("find_code_by_digits"), self._site_id, wanted, now, *self._span(now), latest
        )
        if not rows or not hmac.compare_digest(rows[0]["code_hash"], wanted):
            return _Found(None, "unknown")
        return await self._found(connection, rows, now)

    async def _by_token(self, connection: Connection, text: str, now: datetime) -> _Found:
        token = self._keys.signer.read(text)
        if token is None:
            return _Found(None, "not signed by this site")
        rows = await connection.fetch(
            sql("find_code_by_id"), self._site_id, token.code_id, now, *self._span(now)
        )
        if not rows or rows[0]["expires_at"] != token.expires_at:
            return _Found(None, "unknown")
        row = rows[0]
        flaws = {
            "used": row["redeemed_at"] is not None,
            "replaced": row["revoked_at"] is not None,
            "expired": token.expires_at <= now,
        }
        for flaw, holds in flaws.items():
            if holds:
                return _Found(None, flaw, row["patient_id"])
        return await self._found(connection, rows, now)

    async def _by_number(self, connection: Connection, person: Person, now: datetime) -> _Found:
        numbers = self._keys.numbers
        patient = await connection.fetchrow(
            sql("patient_of_number"),
            self._site_id,
            numbers.of(person.id_type, person.id_number),
        )
        if patient is None:
            return _Found(None, "no patient")
        patient_id: UUID = patient["patient_id"]
        if patient["died"]:
            return _Found(None, _DIED, patient_id)
        dependants = [numbers.of(person.id_type, one) for one in person.dependants]
        rows = await connection.fetch(
            sql("visits_of_person"), self._site_id, patient_id, *self._span(now), dependants
        )
        holder = Holder(patient_id, None, EvidenceGrade.EGOV, None)
        return _Found(holder, visits=await self._visits(connection, rows, patient_id, now))

    async def _found(
        self, connection: Connection, rows: Sequence[asyncpg.Record], now: datetime
    ) -> _Found:
        code = rows[0]
        if code["waits"]:
            return _Found(None, "the patient has to wait")
        patient_id = code["patient_id"]
        if code["died"]:
            return _Found(None, _DIED, patient_id)
        issuer = Actor(code["issued_by"], tuple(code["issuer_refs"]))
        holder = Holder(patient_id, code["code_id"], EvidenceGrade(code["grade"]), issuer)
        # A code without any appointment is a row without a visit.
        booked = [one for one in rows if one["visit_id"] is not None]
        return _Found(holder, visits=await self._visits(connection, booked, patient_id, now))

    async def _visits(
        self,
        connection: Connection,
        rows: Sequence[asyncpg.Record],
        patient_id: UUID,
        now: datetime,
    ) -> tuple[Visit, ...]:
        """The holder's, and those of dependants who are alive and still under age."""
        others = {row["visitor_id"] for row in rows} - {patient_id}
        today = LocalDay.containing(now, self._zone).day
        wards = await wards_among(connection, self._site_id, self._keys.vault, others, today)
        whose = {patient_id, *wards}
        return _visits([row for row in rows if row["visitor_id"] in whose], patient_id)


def _visits(rows: Sequence[asyncpg.Record], patient_id: UUID) -> tuple[Visit, ...]:
    """By appointment; dependants are numbered by the clinic's references."""
    others = sorted({row["dependant_ref"] for row in rows if row["visitor_id"] != patient_id})
    return tuple(
        _visit(
            row, 0 if row["visitor_id"] == patient_id else 1 + others.index(row["dependant_ref"])
        )
        for row in sorted(rows, key=lambda row: row["visit_id"])
    )


def _visit(row: asyncpg.Record, dependant: int) -> Visit:
    return Visit(
        appointment=Appointment(
            appointment_id=row["visit_id"],
            patient_id=row["visitor_id"],
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            status=AppointmentStatus(row["status"]),
            place=Place(row["place"]),
            building=row["building"],
        ),
        appointment_ref=row["appointment_ref"],
        dependant=dependant,
    )
