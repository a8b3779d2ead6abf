"""Erases a person at their wish: what must go goes, what the law keeps leads to nobody any more.

Called by `kirdi patients erase`. The keys in the database's files are destroyed after the commit,
by `remnants`. See docs/design/0021 for what stays and why.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from streamer.crypto.vault import Vault
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.consent import ConsentPurpose, EndReason
from streamer.domain.erased_patient import ErasedPatient, StillKept
from streamer.domain.patient import Patient
from streamer.domain.retention import Kept
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.erased_references import ErasedReferences
from streamer.storage.eraser import Eraser
from streamer.storage.keys import hold_current_key
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.profile import place_of_profile, profile_bytes
from streamer.storage.queries import sql

# What points at something goes before it: these before what the owner deletes.
_DELETIONS: Final = (
    ("waiting_reviews", "erase_waiting_reviews"),
    ("attempts", "erase_attempts"),
    ("guardians", "erase_guardians"),
    ("notes", "erase_notes"),
    ("answers", "erase_replies"),
)
# The rows that name the patient by a foreign key; the patient's own row stays as long as they do.
_RESTING: Final = (
    "codes",
    "presences",
    "reviews",
    "status_changes",
    "check_ins",
    "claims",
    "confirmations",
    "report_replies",
)


class PatientErasure:
    """Of one site."""

    def __init__(
        self,
        postgres: Postgres,
        vault: Vault,
        site_id: str,
        eraser: Eraser,
        erased: ErasedReferences,
        days: Mapping[str, int],
    ) -> None:
        """Keep the collaborators; `days` are the terms of retention."""
        self._postgres = postgres
        self._vault = vault
        self._site_id = site_id
        self._eraser = eraser
        self._erased = erased
        self._days = dict(days)

    async def erase(self, patient_ref: str, reason: str, by: Actor, now: datetime) -> ErasedPatient:
        """Do it, in one transaction.

        Consents end, templates and their keys are destroyed, profile, reference and identity
        number go, and so do codes that were not used, counters, links to guardians and children,
        consents that nothing rests on, appointments that lie ahead, and what staff wrote in free
        words. Check-ins that are being written meanwhile are finished first.

        Args:
            patient_ref: The clinic's reference; or our own number, which is all that is known where
                an older database was restored.
            reason: Why, as recorded; not about health, and no name.
            by: Who records it.
            now: Aware.

        Raises:
            InputError: The patient is unknown, was erased already, or signed for somebody else.
            DatabaseError: Nothing was written.
            VaultError: See `Eraser.end`; nothing was written.
        """
        async with self._postgres.transaction() as connection:
            # No import meanwhile: it would take the patient in again.
            await connection.execute(sql("lock_for_transaction"), f"import {self._site_id}")
            patient = await self._patient(connection, patient_ref)
            patient_id: UUID = patient["patient_id"]
            patient_ref = patient["patient_ref"]
            await self._refuse_guardian(connection, patient_ref, patient_id)
            # As a check-in does it: the code first, the appointments, then the consents.
            await connection.execute(sql("lock_patient_codes"), patient_id)
            await connection.execute(sql("lock_patient_appointments"), patient_id)
            ended = await self._eraser.end(
                connection,
                patient,
                tuple(ConsentPurpose),
                EndReason.WITHDRAWN,
                by.name,
                now,
                person=True,
            )
            receipt = ended.receipt
            assert receipt is not None
            await self._empty_profile(connection, patient_id, now)
            deleted = await self._delete(connection, patient_id, receipt.templates, now)
            await self._erased.remember(connection, patient_ref, now)
            kept = await self._kept(connection, patient_id)
            event = AuditEvent(
                AuditKind.ERASURE,
                AuditAction.DELETE,
                by.name,
                now,
                patient_id=patient_id,
                entity_type="Patient",
                entity_id=str(receipt.erasure_id),
                reason=reason,
                detail=tuple(sorted(deleted.items())),
            )
            await append(connection, self._site_id, [event])
        return ErasedPatient(patient_id, receipt, deleted, kept)

    async def _patient(self, connection: Connection, ref: str) -> asyncpg.Record:
        found = await connection.fetchrow(sql("patient_for_enrolment"), self._site_id, ref)
        if found is None:
            try:
                number = UUID(ref)
            except ValueError:
                raise await self._unknown(connection, ref) from None
            found = await connection.fetchrow(sql("lock_patient"), self._site_id, number)
        if found is None:
            raise await self._unknown(connection, ref)
        if found["patient_ref"] == nobody_ref(found["patient_id"]):
            raise _erased_already(ref)
        return found

    async def _unknown(self, connection: Connection, ref: str) -> InputError:
        if await self._erased.among(connection, [ref]):
            return _erased_already(ref)
        return InputError(
            f"patient {ref}: is unknown at site {self._site_id}; look at the reference"
        )

    async def _refuse_guardian(self, connection: Connection, ref: str, patient_id: UUID) -> None:
        rows = await connection.fetch(sql("signed_for_others"), patient_id)
        if rows:
            children = ", ".join(row["patient_ref"] for row in rows)
            raise InputError(
                f"patient {ref}: signed consents in force for {children}, and nobody could say any "
                "more who did; have another guardian sign, or withdraw those first"
            )

    async def _delete(
        self, connection: Connection, patient_id: UUID, templates: int, now: datetime
    ) -> dict[str, int]:
        """Delete what need not stay; how many of what."""
        deleted = {"templates": templates}
        for kind, statement in _DELETIONS:
            rows = await connection.fetch(sql(statement), self._site_id, patient_id, now)
            deleted[kind] = len(rows)
        for row in await connection.fetch(sql("erase_person"), patient_id, now):
            deleted[row["kind"]] = row["deleted"]
        return {kind: count for kind, count in deleted.items() if count}

    async def _empty_profile(self, connection: Connection, patient_id: UUID, now: datetime) -> None:
        """Leave a row that others may name, under a key of its own, with nobody in it."""
        await hold_current_key(connection, self._vault)
        nobody = Patient(nobody_ref(patient_id), "")
        key = self._vault.new_data_key(patient_id)
        sealed = self._vault.seal(key, place_of_profile(patient_id), profile_bytes(nobody))
        await connection.execute(
            sql("empty_patient"), patient_id, nobody.patient_ref, key, sealed, now
        )

    async def _kept(self, connection: Connection, patient_id: UUID) -> tuple[StillKept, ...]:
        rows = await connection.fetch(sql("still_kept"), self._site_id, patient_id)
        newest = {row["kind"]: row["newest"] for row in rows}
        until = {
            kind: moment + timedelta(days=self._days[Kept(kind).term or kind])
            for kind, moment in newest.items()
        }
        resting = [until[kind] for kind in _RESTING if kind in until]
        for kind in ("appointments", "consents"):
            if kind in until:
                until[kind] = max((until[kind], *resting))
        return tuple(StillKept(row["kind"], row["rows"], until[row["kind"]]) for row in rows)


def nobody_ref(patient_id: UUID) -> str:
    """The reference of a row that stayed: it stands for nobody in the clinic's books."""
    return f"erased-{patient_id}"


def _erased_already(ref: str) -> InputError:
    return InputError(f"patient {ref}: was erased already; nothing is left to be erased")
