"""Reads everything that is held about one patient. Called by `kirdi patients export`.

A new table with a patient in it gets a line here, and a place in `PatientFile`; a test walks the
schema and says so.
"""

from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import asyncpg

from streamer.crypto.vault import Vault
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.patient_file import (
    FileAccess,
    FileAnswer,
    FileAppointment,
    FileAttempts,
    FileBlock,
    FileCheckIn,
    FileClaim,
    FileCode,
    FileComparison,
    FileConfirmation,
    FileConsent,
    FileErasure,
    FilePresence,
    FileReview,
    FileStatusChange,
    FileTemplate,
    PatientFile,
)
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.profile import patient_from
from streamer.storage.queries import sql
from streamer.storage.reply_words import ReplyWords

_Row = TypeVar("_Row")
_TIMEOUT_S: Final = 60.0


class PatientFiles:
    """Of one site."""

    def __init__(self, postgres: Postgres, vault: Vault, site_id: str, site_name: str) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._vault = vault
        self._site_id = site_id
        self._site_name = site_name

    async def read(self, patient_ref: str, by: str, now: datetime) -> PatientFile:
        """Read it all, as of one moment; that it was read is in the audit before it is returned.

        Args:
            patient_ref: The clinic's reference.
            by: Who asks, as recorded.
            now: Aware.

        Raises:
            InputError: There is no such patient.
            DatabaseError: It refuses.
            VaultError: The profile does not open.
        """
        async with self._postgres.transaction() as connection:
            await connection.execute(sql("read_one_moment"))
            row = await connection.fetchrow(sql("file_patient"), self._site_id, patient_ref)
            if row is None:
                raise InputError(
                    f"patient {patient_ref}: is unknown at site {self._site_id}; look at the "
                    "reference (who was erased has none any more)"
                )
            file = await self._file(connection, row, by, now)
        event = AuditEvent(
            AuditKind.EXPORT,
            AuditAction.READ,
            by,
            now,
            patient_id=file.patient_id,
            entity_type="Patient",
            entity_id=str(file.patient_id),
        )
        async with self._postgres.transaction() as connection:
            await append(connection, self._site_id, [event])
        return file

    async def _file(
        self, connection: Connection, row: asyncpg.Record, by: str, now: datetime
    ) -> PatientFile:
        patient_id: UUID = row["patient_id"]
        guardians = await connection.fetch(sql("guardian_refs"), patient_id)
        refs = tuple(one["patient_ref"] for one in guardians)
        dependants = await connection.fetch(sql("file_dependants"), patient_id)
        site = (self._site_id,)

        async def all_of(kind: type[_Row], statement: str, *before: str) -> tuple[_Row, ...]:
            rows = await connection.fetch(sql(statement), *before, patient_id, timeout=_TIMEOUT_S)
            return tuple(kind(**dict(one)) for one in rows)

        return PatientFile(
            site_id=self._site_id,
            site_name=self._site_name,
            patient_id=patient_id,
            made_at=now,
            made_by=by,
            recorded_at=row["created_at"],
            updated_at=row["updated_at"],
            profile=patient_from(row, refs, self._vault),
            dependants=tuple(one["patient_ref"] for one in dependants),
            consents=await all_of(FileConsent, "file_consents"),
            templates=await all_of(FileTemplate, "file_templates"),
            appointments=await all_of(FileAppointment, "file_appointments"),
            check_ins=await all_of(FileCheckIn, "file_check_ins"),
            status_changes=await all_of(FileStatusChange, "file_status_changes"),
            presences=await all_of(FilePresence, "file_presences"),
            reviews=await all_of(FileReview, "file_reviews"),
            blocks=await all_of(FileBlock, "file_blocks"),
            codes=await all_of(FileCode, "file_codes"),
            attempts=await all_of(FileAttempts, "file_attempts", *site),
            claims=await all_of(FileClaim, "file_claims"),
            confirmations=await all_of(FileConfirmation, "file_confirmations"),
            answers=await self._answers(connection, row),
            erasures=await all_of(FileErasure, "file_erasures", *site),
            comparisons=await all_of(FileComparison, "file_comparisons", *site),
            accesses=await all_of(FileAccess, "file_accesses", *site),
        )

    async def _answers(
        self, connection: Connection, patient: asyncpg.Record
    ) -> tuple[FileAnswer, ...]:
        rows = await connection.fetch(sql("file_replies"), patient["patient_id"])
        return tuple(self._answer(row, patient) for row in rows)

    def _answer(self, row: asyncpg.Record, patient: asyncpg.Record) -> FileAnswer:
        words = ReplyWords(self._vault, patient["patient_id"], row["reply_id"])
        reason, document_ref = words.open(patient["wrapped_key"], row["sealed_answer"])
        note = row["sealed_note"]
        return FileAnswer(
            kind=row["kind"],
            ref=row["ref"],
            practitioner_ref=row["practitioner_ref"],
            reason=reason,
            document_ref=document_ref,
            written_by=row["written_by"],
            written_at=row["written_at"],
            state=row["state"],
            decided_by=row["decided_by"],
            decided_at=row["decided_at"],
            note=None if note is None else words.open_note(patient["wrapped_key"], note),
        )
