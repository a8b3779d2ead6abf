"""Issues and revokes one-time codes. Called by `checkin.codes.issuing` and `kirdi codes`."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from streamer.crypto.code_hash import CodeHash, new_digits
from streamer.crypto.signed_token import Token, TokenSigner
from streamer.crypto.vault import Vault
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.check_in import EvidenceGrade
from streamer.domain.code import CodeKind, CodeOrder, IssuedCode
from streamer.errors import DatabaseError, InputError
from streamer.storage.attempts import Scope
from streamer.storage.audit import append
from streamer.storage.local_day import LocalDay
from streamer.storage.own_patients import refuse_own_patient
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.profile import patient_from
from streamer.storage.queries import sql
from streamer.storage.refusals import refusals_recorded
from streamer.storage.tickets import draw_tickets

_EXPECTED: Final = frozenset({AppointmentStatus.BOOKED.value, AppointmentStatus.PENDING.value})
# Of a million, thousands are in force at most: a draw is hardly ever taken.
_DRAWS: Final = 20


# Whoever can change a phone could have a code sent to their own, and change it back. Not until
# midnight: that is a minute for who does it just before.
_PHONE_SETTLES: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class CodeTerms:
    """How long codes last and how many there may be.

    Attributes:
        opens_before: An appointment's arrival window opens so long before its start
        closes_after: and closes so long after it; so does its code.
        longest: An appointment's code is issued so long ahead at most.
        most_per_day: Codes of one patient on a day, at most.
    """

    opens_before: timedelta
    closes_after: timedelta
    longest: timedelta
    most_per_day: int


@dataclass(frozen=True, slots=True)
class _Target:
    """Whom and what a code is for, and until when."""

    patient: asyncpg.Record
    appointment_id: UUID | None
    expires_at: datetime
    starts_at: datetime | None = None


class PostgresCodes:
    """The codes of a site. Digits are known here for a moment, and to the database never."""

    def __init__(
        self,
        postgres: Postgres,
        vault: Vault,
        hashes: CodeHash,
        signer: TokenSigner,
        site: tuple[str, tzinfo],
        terms: CodeTerms,
    ) -> None:
        """Keep the collaborators; `site` is its id and time zone."""
        self._postgres = postgres
        self._vault = vault
        self._hashes = hashes
        self._signer = signer
        self._site_id, self._zone = site
        self._terms = terms

    async def issue(self, order: CodeOrder, by: Actor, now: datetime) -> IssuedCode:
        """Put a new code in force; a former one for the same is revoked.

        If the patient had to wait, for used codes shown in vain, they do no more.

        Raises:
            InputError: Why none can be issued.
            DatabaseError: None is known to be in force.
        """
        attempt = AuditEvent(AuditKind.CODE_ISSUE, AuditAction.CREATE, by.name, now)
        async with (
            refusals_recorded(self._postgres, self._site_id, attempt, order.patient_ref),
            self._postgres.transaction() as connection,
        ):
            target = await self._target(connection, order, now)
            row = target.patient
            await self._refuse_own(connection, row["patient_id"], by, now)
            await self._check_count(connection, row, now)
            phone = self._phone(row) if order.sent else None
            grade = _grade(order, row, now)
            await connection.execute(sql("forget_expired_codes"), self._site_id, now)
            await connection.execute(
                sql("revoke_former_codes"), row["patient_id"], target.appointment_id, now
            )
            # Somebody has looked at who stands there: what was shown in vain before is forgotten.
            await connection.execute(
                sql("forgive_attempts"), self._site_id, Scope.PATIENT, str(row["patient_id"])
            )
            code_id, secret = await self._insert(connection, (order, grade), target, by, now)
            appointment_id = target.appointment_id
            tickets = await self._tickets(connection, target, now)
            event = dataclasses.replace(
                attempt,
                patient_id=row["patient_id"],
                entity_type="code",
                entity_id=str(code_id),
                detail=(
                    ("kind", order.kind.value),
                    ("grade", grade.value),
                    ("appointment", None if appointment_id is None else str(appointment_id)),
                    ("until", target.expires_at.isoformat()),
                ),
            )
            await append(connection, self._site_id, [event])
        return IssuedCode(
            code_id=code_id,
            patient_ref=row["patient_ref"],
            appointment_ref=order.appointment_ref,
            kind=order.kind,
            grade=grade,
            issued_by=by.name,
            expires_at=target.expires_at,
            secret=secret,
            phone=phone,
            language=row["language"],
            tickets=tickets,
        )

    async def revoke(self, code_id: UUID, now: datetime) -> None:
        """Take a code that could not be sent out of force; a used or revoked one stays as it is."""
        async with self._postgres.transaction() as connection:
            patient_id = await connection.fetchval(sql("revoke_code"), code_id, now)
            if patient_id is None:
                return
            event = AuditEvent(
                AuditKind.CODE_ISSUE,
                AuditAction.DELETE,
                SERVICE.name,
                now,
                patient_id=patient_id,
                entity_type="code",
                entity_id=str(code_id),
                reason="not-sent",
            )
            await append(connection, self._site_id, [event])

    async def _target(self, connection: Connection, order: CodeOrder, now: datetime) -> _Target:
        patient_ref, appointment_id, starts_at = order.patient_ref, None, None
        expires_at = LocalDay.containing(now, self._zone).end
        if order.appointment_ref is not None:
            found = await connection.fetchrow(
                sql("appointment_for_code"), self._site_id, order.appointment_ref
            )
            if found is None:
                raise InputError(
                    f"appointment {order.appointment_ref}: is not known; import it",
                    code="unknown_appointment",
                )
            expires_at = self._term(order.appointment_ref, found, now)
            patient_ref, appointment_id = found["patient_ref"], found["appointment_id"]
            starts_at = found["starts_at"]
        patient = await connection.fetchrow(sql("patient_for_code"), self._site_id, patient_ref)
        if patient is None:
            raise InputError(
                f"patient {patient_ref}: is not known; import them first", code="unknown_patient"
            )
        if patient["deceased_on"] is not None:
            raise InputError(
                f"patient {patient_ref}: is recorded as deceased; correct the import",
                code="deceased",
            )
        # Whole seconds: a signed token has no finer ones.
        return _Target(patient, appointment_id, expires_at.replace(microsecond=0), starts_at)

    def _term(self, ref: str, found: asyncpg.Record, now: datetime) -> datetime:
        """When an appointment's code expires."""
        if found["place"] != Place.SITE:
            raise InputError(
                f"appointment {ref}: is not at the site; it needs no code", code="not_at_site"
            )
        if found["status"] not in _EXPECTED:
            raise InputError(
                f"appointment {ref}: is {found['status']}; it needs no code",
                code="wrong_status",
                status=found["status"],
            )
        starts_at: datetime = found["starts_at"]
        closes = starts_at + self._terms.closes_after
        if closes - now < timedelta(seconds=1):
            raise InputError(
                f"appointment {ref}: its arrival window has closed; if the patient came "
                "while it was open, check them in by hand and say when",
                code="window_closed",
            )
        if starts_at - now > self._terms.longest + self._terms.opens_before:
            raise InputError(
                f"appointment {ref}: begins more than {self._terms.longest.days} days from now; "
                "issue its code later",
                command="or raise codes.longest_days",
                code="code_too_early",
                days=str(self._terms.longest.days),
            )
        return closes

    async def _tickets(
        self, connection: Connection, target: _Target, now: datetime
    ) -> tuple[int, ...]:
        """The numbers of the visit, or of the patient's of today."""
        day = LocalDay.containing(now, self._zone)
        if target.starts_at is not None:
            day = LocalDay.containing(target.starts_at, self._zone)
        wanted = (
            self._site_id,
            target.patient["patient_id"],
            day.day,
            target.appointment_id,
            day.start,
            day.end,
        )
        rows = await connection.fetch(sql("tickets_of_patient"), *wanted)
        if any(row["number"] is None for row in rows):
            # Booked before there were numbers.
            await draw_tickets(connection, self._site_id, self._zone, [day.day])
            rows = await connection.fetch(sql("tickets_of_patient"), *wanted)
        return tuple(row["number"] for row in rows if row["number"] is not None)

    async def _refuse_own(
        self, connection: Connection, patient_id: UUID, by: Actor, now: datetime
    ) -> None:
        """Neither patients of whoever issues it, nor guardians of such patients."""
        if not by.practitioner_refs:
            return
        wards = await connection.fetch(sql("wards_of"), patient_id)
        for one in (patient_id, *(row["patient_id"] for row in wards)):
            await refuse_own_patient(connection, self._site_id, by, one, now)

    async def _check_count(
        self, connection: Connection, patient: asyncpg.Record, now: datetime
    ) -> None:
        since = LocalDay.containing(now, self._zone).start
        issued = await connection.fetchval(sql("codes_issued_since"), patient["patient_id"], since)
        if issued >= self._terms.most_per_day:
            raise InputError(
                f"patient {patient['patient_ref']}: has been issued {issued} codes today, and "
                "there may be no more; check them in by hand",
                command="or raise codes.most_per_day",
                code="too_many_codes",
                count=str(issued),
            )

    def _phone(self, row: asyncpg.Record) -> str:
        phone = patient_from(row, (), self._vault).phone
        if phone is None:
            raise InputError(
                f"patient {row['patient_ref']}: no phone is registered; issue the code without "
                "sending it, and hand it over",
                code="no_phone",
            )
        return phone

    async def _insert(
        self,
        connection: Connection,
        what: tuple[CodeOrder, EvidenceGrade],
        target: _Target,
        by: Actor,
        now: datetime,
    ) -> tuple[UUID, str]:
        code_id, (order, grade) = uuid4(), what
        for _ in range(_DRAWS):
            digits = new_digits() if order.kind is CodeKind.DIGITS else None
            inserted = await connection.fetchval(
                sql("insert_code"),
                code_id,
                self._site_id,
                target.patient["patient_id"],
                target.appointment_id,
                order.kind.value,
                grade.value,
                None if digits is None else self._hashes.of(digits),
                now,
                by.name,
                list(by.practitioner_refs),
                target.expires_at,
            )
            if inserted is not None:
                return code_id, digits or self._signer.sign(Token(code_id, target.expires_at))
        raise DatabaseError("codes: too many are in force at once; let them expire")


def _grade(order: CodeOrder, patient: asyncpg.Record, now: datetime) -> EvidenceGrade:
    """What a check-in with it will be worth: a phone that is new proves no more than the desk."""
    changed_at = patient["phone_changed_at"]
    fresh = changed_at is not None and now - changed_at < _PHONE_SETTLES
    return EvidenceGrade.DESK_CODE if fresh else order.grade
