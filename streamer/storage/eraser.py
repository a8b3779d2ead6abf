"""Ends consents and erases templates inside somebody else's transaction, with a receipt.

Used by `consents` (withdrawal, expiry) and `patients_import` (a death, a new member of staff). What
is left of the keys in the database's files is destroyed after the commit, by `remnants`. See
docs/design/0013.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from streamer.crypto.vault import Vault
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.consent import ConsentPurpose, EndReason
from streamer.domain.erasure_receipt import ErasureReceipt
from streamer.storage.audit import append
from streamer.storage.keys import hold_current_key
from streamer.storage.postgres import Connection
from streamer.storage.profile import place_of_profile
from streamer.storage.queries import sql
from streamer.storage.reply_words import reseal_replies


@dataclass(frozen=True, slots=True)
class Ended:
    """What was ended.

    Attributes:
        purposes: Of the consents that were in force.
        receipt: Where templates rest on one of them; None = nothing was to be erased.
    """

    purposes: tuple[ConsentPurpose, ...]
    receipt: ErasureReceipt | None


class Eraser:
    """Of one site."""

    def __init__(self, vault: Vault, site_id: str, backups_kept: timedelta) -> None:
        """Keep the collaborators; `backups_kept` is how long backups of the database exist."""
        self._vault = vault
        self._site_id = site_id
        self._backups_kept = backups_kept

    async def end(
        self,
        connection: Connection,
        patient: asyncpg.Record,
        purposes: Iterable[ConsentPurpose],
        reason: EndReason,
        by: str,
        now: datetime,
        *,
        person: bool = False,
    ) -> Ended:
        """End a patient's consents for some purposes.

        Without a consent to check-in there is no template: all of them go, with their keys.

        Args:
            connection: In a transaction.
            patient: A row of `patient_for_enrolment` or `lock_patient`.
            purposes: Which consents.
            reason: Why.
            by: Who, as recorded.
            now: Aware.
            person: The caller replaces the whole profile and its key as well: there is a receipt in
                any case, of the reason `erasure`.

        Raises:
            DatabaseError: Nothing was written.
            VaultError: A template is sealed under the patient's own key, and the profile, which
                has to be sealed anew, does not open; nothing was written.
        """
        wanted = [one.value for one in purposes]
        rows = await connection.fetch(sql("active_consents"), patient["patient_id"], wanted)
        ended = {ConsentPurpose(row["purpose"]): row["consent_id"] for row in rows}
        for consent_id in ended.values():
            await connection.execute(sql("end_consent"), consent_id, now, by, reason.value)
        receipt = None
        if ConsentPurpose.CHECK_IN.value in wanted:
            consent_id = ended.get(ConsentPurpose.CHECK_IN)
            why = "erasure" if person else reason.value
            receipt = await self._erase(connection, patient, consent_id, why, by, now, person)
        events = [_ended(patient["patient_id"], *one, reason, by, now) for one in ended.items()]
        if receipt is not None:
            events.append(_erased(receipt))
        await append(connection, self._site_id, events)
        return Ended(tuple(ended), receipt)

    async def _erase(
        self,
        connection: Connection,
        patient: asyncpg.Record,
        consent_id: UUID | None,
        reason: str,
        by: str,
        now: datetime,
        person: bool,
    ) -> ErasureReceipt | None:
        patient_id: UUID = patient["patient_id"]
        templates = await connection.fetch(sql("templates_to_erase"), patient_id)
        if consent_id is None and not templates and not person:
            return None
        renewed = person or not all(row["own_key"] for row in templates)
        if renewed and not person:
            await self._renew_key(connection, patient)
        await connection.execute(sql("delete_templates"), patient_id)
        return await self.write_receipt(
            connection,
            patient_id,
            reason,
            by,
            now,
            consent_id=consent_id,
            templates=len(templates),
            renewed_key=renewed,
        )

    async def write_receipt(
        self,
        connection: Connection,
        patient_id: UUID,
        reason: str,
        by: str,
        now: datetime,
        *,
        consent_id: UUID | None = None,
        templates: int = 0,
        renewed_key: bool = True,
    ) -> ErasureReceipt:
        """Write what was erased; the files are cleaned after the commit, by `remnants`.

        Args:
            connection: In the transaction that erases.
            patient_id: Whose data it was.
            reason: As `EndReason`; or `retention` or `erasure`, where the whole profile went.
            by: Who, as recorded.
            now: Aware.
            consent_id: The consent to check-in that ended with it.
            templates: How many.
            renewed_key: The patient's own key was replaced or deleted, so that the table of
                patients has to be rewritten, too.

        Raises:
            DatabaseError: Nothing was written.
        """
        receipt = ErasureReceipt(
            erasure_id=uuid4(),
            patient_id=patient_id,
            consent_id=consent_id,
            reason=reason,
            erased_by=by,
            erased_at=now,
            templates=templates,
            files_clean_at=None,
            log_clean_at=None,
            backups_clean_by=now + self._backups_kept,
        )
        await connection.execute(
            sql("insert_erasure"),
            receipt.erasure_id,
            self._site_id,
            patient_id,
            consent_id,
            receipt.reason,
            by,
            now,
            receipt.templates,
            renewed_key,
            receipt.backups_clean_by,
        )
        return receipt

    async def _renew_key(self, connection: Connection, patient: asyncpg.Record) -> None:
        """Templates of earlier versions were sealed under the patient's key: that one has to go."""
        patient_id: UUID = patient["patient_id"]
        await hold_current_key(connection, self._vault)
        place = place_of_profile(patient_id)
        profile = self._vault.unseal(patient["wrapped_key"], place, patient["sealed_profile"])
        key = self._vault.new_data_key(patient_id)
        sealed = self._vault.seal(key, place, profile)
        await reseal_replies(connection, self._vault, patient, key)
        await connection.execute(sql("replace_patient_key"), patient_id, key, sealed)


def _ended(
    patient_id: UUID,
    purpose: ConsentPurpose,
    consent_id: UUID,
    reason: EndReason,
    by: str,
    now: datetime,
) -> AuditEvent:
    return AuditEvent(
        AuditKind.WITHDRAWAL,
        AuditAction.UPDATE,
        by,
        now,
        patient_id=patient_id,
        entity_type="Consent",
        entity_id=str(consent_id),
        reason=reason.value,
        detail=(("purpose", purpose.value),),
    )


def _erased(receipt: ErasureReceipt) -> AuditEvent:
    return AuditEvent(
        AuditKind.ERASURE,
        AuditAction.DELETE,
        receipt.erased_by,
        receipt.erased_at,
        patient_id=receipt.patient_id,
        entity_type="erasure",
        entity_id=str(receipt.erasure_id),
        reason=receipt.reason,
        detail=(
            ("templates", receipt.templates),
            ("consent", None if receipt.consent_id is None else str(receipt.consent_id)),
        ),
    )
