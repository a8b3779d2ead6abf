"""Records consents and ends them. Called by `kirdi consents`, the demo and `consent_keeper`.

The gallery and the check-in transaction follow by themselves: both ask for an active consent.
"""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

import asyncpg
import structlog

from streamer.crypto.vault import Vault
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.consent import ConsentGiven, ConsentPurpose, ConsentText, EndReason
from streamer.domain.patient import Patient
from streamer.errors import InputError, VaultError
from streamer.storage.audit import append
from streamer.storage.eraser import Ended, Eraser
from streamer.storage.own_patients import practitioner_refs_of, refuse_own_patient
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.profile import patient_from
from streamer.storage.queries import sql
from streamer.storage.refusals import refusals_recorded

log = structlog.get_logger(__name__)


class GivingRules(Protocol):
    """Who may consent; see `streamer.patients.consent_rules`."""

    def refuse_given(
        self, given: ConsentGiven, patient: Patient, guardian: Patient | None, now: datetime
    ) -> None:
        """Raise InputError where this cannot be a consent."""
        ...

    def came_of_age(self, patient: Patient, given_at: datetime, now: datetime) -> bool:
        """Did the patient turn 18 after `given_at` and until `now`?"""
        ...


class PostgresConsents:
    """The consents of one site."""

    def __init__(
        self, postgres: Postgres, vault: Vault, site_id: str, rules: GivingRules, eraser: Eraser
    ) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._vault = vault
        self._site_id = site_id
        self._rules = rules
        self._eraser = eraser

    async def record(
        self, given: ConsentGiven, text: ConsentText, by: Actor, now: datetime
    ) -> bool:
        """Write a consent, with the text that was read.

        The same document named again is the same consent. Another one takes the place of the
        consent in force, and templates go on under it. A document whose consent has ended is not
        taken again: it would revive what was withdrawn.

        Args:
            given: What was signed.
            text: What was read, for the same purpose.
            by: Who records it.
            now: Aware.

        Returns:
            Whether it is a new one.

        Raises:
            InputError: The patient is unknown, or cannot have given it; nothing was written.
            DatabaseError: Nothing was written.
            VaultError: The patient's profile does not open; nothing was written.
        """
        attempt = AuditEvent(AuditKind.CONSENT, AuditAction.CREATE, by.name, now)
        async with (
            refusals_recorded(self._postgres, self._site_id, attempt, given.patient_ref),
            self._postgres.transaction() as connection,
        ):
            row = await self._patient(connection, given.patient_ref)
            patient_id: UUID = row["patient_id"]
            await refuse_own_patient(connection, self._site_id, by, patient_id, now)
            guardian_id, guardian = await self._guardian(connection, given)
            patient = await self._unsealed(connection, row)
            self._rules.refuse_given(given, patient, guardian, now)
            former = await self._former(connection, row, given, guardian_id, now)
            text_id = await _text_id(connection, text)
            if _is_same(former, given):
                if former is not None and former["text_id"] != text_id:
                    raise _recorded_otherwise(given)
                return False
            former_id = None if former is None else former["consent_id"]
            refs = await practitioner_refs_of(connection, self._site_id, by)
            by = dataclasses.replace(by, practitioner_refs=refs)
            consent_id = await _replace(
                connection, former_id, given, (patient_id, text_id, guardian_id), by, now
            )
            event = dataclasses.replace(
                attempt,
                patient_id=patient_id,
                entity_type="Consent",
                entity_id=str(consent_id),
                detail=(
                    ("purpose", given.purpose.value),
                    ("until", given.expires_at.isoformat()),
                    ("identity_check", given.identity_check.value),
                    ("guardian", None if guardian_id is None else str(guardian_id)),
                    ("supersedes", None if former_id is None else str(former_id)),
                ),
            )
            await append(connection, self._site_id, [event])
        return True

    async def withdraw(
        self,
        patient_ref: str,
        purposes: Sequence[ConsentPurpose],
        by: Actor,
        now: datetime,
        reason: EndReason = EndReason.WITHDRAWN,
    ) -> Ended:
        """End consents and delete the patient's templates and their keys, together or not at all.

        A check-in that is being written meanwhile is finished first; none is written after.

        Args:
            patient_ref: The clinic's reference.
            purposes: Which of those in force.
            by: Who records it.
            now: Aware; when it was withdrawn.
            reason: Withdrawn, or entered in error.

        Raises:
            InputError: The patient is unknown, or there is no consent to withdraw.
            DatabaseError: Nothing was written.
            VaultError: See `Eraser.end`.
        """
        attempt = AuditEvent(AuditKind.WITHDRAWAL, AuditAction.UPDATE, by.name, now)
        async with (
            refusals_recorded(self._postgres, self._site_id, attempt, patient_ref),
            self._postgres.transaction() as connection,
        ):
            row = await self._patient(connection, patient_ref)
            await refuse_own_patient(connection, self._site_id, by, row["patient_id"], now)
            ended = await self._eraser.end(connection, row, purposes, reason, by.name, now)
            if not ended.purposes:
                raise InputError(
                    f"patient {patient_ref}: has no such consent in force; there is none to "
                    "withdraw",
                    command="`kirdi consents list` tells what there is",
                )
        return ended

    async def end_due(self, now: datetime) -> int:
        """End those whose term is over, and erase; return how many there were.

        Nothing was matched or written upon them since their term ended.

        Raises:
            DatabaseError: Some may be ended.
        """
        async with self._postgres.connection() as connection:
            due = await connection.fetch(sql("due_consents"), self._site_id, now)
        return await self._end_each(due, EndReason.EXPIRED, now)

    async def end_of_age(self, now: datetime) -> int:
        """End those that guardians gave for patients who are of age now; raises DatabaseError."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("consents_by_guardians"), self._site_id)
        due = [row for row in rows if self._is_of_age(row, now)]
        return await self._end_each(due, EndReason.OF_AGE, now)

    def _is_of_age(self, row: asyncpg.Record, now: datetime) -> bool:
        try:
            patient = patient_from(row, (), self._vault)
        except VaultError as error:
            log.error("age not known", patient=str(row["patient_id"]), reason=str(error))
            return False
        return self._rules.came_of_age(patient, row["given_at"], now)

    async def _end_each(
        self, due: Sequence[asyncpg.Record], reason: EndReason, now: datetime
    ) -> int:
        """One transaction each: one that fails must not keep the others in force."""
        ended = 0
        for one in due:
            try:
                async with self._postgres.transaction() as connection:
                    row = await connection.fetchrow(
                        sql("lock_patient"), self._site_id, one["patient_id"]
                    )
                    purpose = await connection.fetchval(
                        sql("consent_still_active"), one["consent_id"]
                    )
                    if row is None or purpose is None:
                        continue
                    await self._eraser.end(
                        connection, row, (ConsentPurpose(purpose),), reason, SERVICE.name, now
                    )
            except VaultError as error:
                log.error("consent not ended", consent=str(one["consent_id"]), reason=str(error))
                continue
            ended += 1
            log.info("consent ended", consent=str(one["consent_id"]), reason=reason.value)
        return ended

    async def _patient(self, connection: Connection, patient_ref: str) -> asyncpg.Record:
        row = await connection.fetchrow(sql("patient_for_enrolment"), self._site_id, patient_ref)
        if row is None:
            raise InputError(
                f"patient {patient_ref}: is unknown at site {self._site_id}; import the patient "
                "first, or look at the reference",
                code="unknown_patient",
            )
        return row

    async def _guardian(
        self, connection: Connection, given: ConsentGiven
    ) -> tuple[UUID | None, Patient | None]:
        if given.guardian_ref is None:
            return None, None
        # Locked: an erasure that asks whether they signed for others waits, or is waited for.
        ref = given.guardian_ref
        row = await connection.fetchrow(sql("patient_for_enrolment"), self._site_id, ref)
        if row is None:
            return None, None
        return row["patient_id"], patient_from(row, (), self._vault)

    async def _unsealed(self, connection: Connection, row: asyncpg.Record) -> Patient:
        guardians = await connection.fetch(sql("guardian_refs"), row["patient_id"])
        refs = tuple(guardian["patient_ref"] for guardian in guardians)
        return patient_from(row, refs, self._vault)

    async def _former(
        self,
        connection: Connection,
        patient: asyncpg.Record,
        given: ConsentGiven,
        guardian_id: UUID | None,
        now: datetime,
    ) -> asyncpg.Record | None:
        """The consent in force for the same purpose, of another document or of this one.

        Raises:
            InputError: The document is recorded otherwise, or its consent has ended.
        """
        former = await connection.fetchrow(
            sql("active_consent"), patient["patient_id"], given.purpose.value
        )
        if former is not None and former["expires_at"] is not None and former["expires_at"] <= now:
            # Its templates went with its term: a new consent does not bring them back.
            await self._eraser.end(
                connection, patient, (given.purpose,), EndReason.EXPIRED, SERVICE.name, now
            )
            former = None
        if former is not None and _is_same(former, given):
            recorded = (former["guardian_id"], former["identity_check"])
            if recorded != (guardian_id, given.identity_check.value):
                raise _recorded_otherwise(given)
            return former
        ended = await connection.fetchval(
            sql("former_document"), patient["patient_id"], given.purpose.value, given.document_ref
        )
        if ended is not None:
            raise InputError(
                f"patient {given.patient_ref}: the consent of document {given.document_ref} has "
                f"ended ({ended}); have a new one signed"
            )
        return former


def _is_same(former: asyncpg.Record | None, given: ConsentGiven) -> bool:
    """Of the same document? One of an earlier version, without a text, gives way to any."""
    return (
        former is not None
        and former["document_ref"] == given.document_ref
        and former["text_id"] is not None
    )


async def _text_id(connection: Connection, text: ConsentText) -> UUID:
    place = (text.purpose.value, text.version, text.language.value)
    await connection.execute(sql("insert_consent_text"), uuid4(), *place, text.body, text.sha256)
    text_id: UUID = await connection.fetchval(sql("consent_text_id"), *place, text.sha256)
    return text_id


def _recorded_otherwise(given: ConsentGiven) -> InputError:
    return InputError(
        f"patient {given.patient_ref}: document {given.document_ref} is recorded already, with "
        "another guardian, identity check or text; if that was a mistake, end it with the reason "
        "entered-in-error and record it anew",
        code="document_known",
        command="by `kirdi consents withdraw --reason entered-in-error`",
    )


async def _replace(
    connection: Connection,
    former_id: UUID | None,
    given: ConsentGiven,
    ids: tuple[UUID, UUID, UUID | None],
    by: Actor,
    now: datetime,
) -> UUID:
    """Put a consent in force, in a former one's place if there is one; return its id.

    Args:
        connection: In a transaction.
        former_id: Of the consent that ends; templates go on under the new one.
        given: What was signed.
        ids: The patient's, the text's, the guardian's.
        by: Who records it, with all whose appointments they bill.
        now: Aware.
    """
    consent_id, (patient_id, text_id, guardian_id) = uuid4(), ids
    if former_id is not None:
        await connection.execute(
            sql("end_consent"), former_id, now, by.name, EndReason.SUPERSEDED.value
        )
    await connection.execute(
        sql("insert_consent"),
        consent_id,
        patient_id,
        given.purpose.value,
        given.document_ref,
        given.given_at,
        given.expires_at,
        text_id,
        guardian_id,
        given.identity_check.value,
        by.name,
        now,
        list(by.practitioner_refs),
    )
    if former_id is not None:
        await connection.execute(sql("move_templates"), former_id, consent_id)
    return consent_id
