"""Patients, their consents, receipts and codes, for whoever may see them. Asked by the API."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

import asyncpg

from streamer.crypto.vault import Vault
from streamer.domain.code import CodeRow, CodeState
from streamer.domain.consent_entry import ConsentEntry, ReceiptEntry
from streamer.domain.page import Page, Slice
from streamer.domain.patient_entry import PatientEntry, PatientProfile
from streamer.domain.sight import Sight
from streamer.storage.local_day import LocalDay
from streamer.storage.page_reader import PageReader, moment, place_of, text, without_id
from streamer.storage.postgres import Connection
from streamer.storage.profile import patient_from
from streamer.storage.queries import sql


class PeopleReader:
    """Reads who there is at one site."""

    def __init__(self, pages: PageReader, vault: Vault) -> None:
        """Keep how rows are read, and what opens profiles."""
        self._pages = pages
        self._vault = vault

    async def patients(
        self,
        sight: Sight,
        pack_id: str,
        patient_ref: str | None,
        needs_enrolment: bool,
        part: Slice,
    ) -> Page[PatientEntry]:
        """By reference; raises as `appointments`.

        Args:
            sight: Whose.
            pack_id: The model pack in use.
            patient_ref: This one only.
            needs_enrolment: Only those whom the pack cannot recognise and may.
            part: Which of them.
        """
        (after,) = place_of(part, text)
        return await self._pages.page(
            sight,
            part,
            "Patient",
            "read_patients",
            (*self._pages.seen_by(sight), pack_id, patient_ref, needs_enrolment, after),
            _patient,
            lambda row: (row["patient_ref"],),
        )

    async def patient(
        self, sight: Sight, pack_id: str, patient_ref: str, named: bool
    ) -> tuple[PatientEntry, PatientProfile | None] | None:
        """One patient; None where there is none to be seen.

        Args:
            sight: Whose.
            pack_id: The model pack in use.
            patient_ref: The clinic's reference.
            named: Open the profile, too.

        Raises:
            DatabaseError: It refuses.
            VaultError: The profile does not open.
        """
        profile: PatientProfile | None = None
        async with self._pages.transaction() as connection:
            row = await connection.fetchrow(
                sql("read_patients"),
                *self._pages.seen_by(sight),
                pack_id,
                patient_ref,
                False,
                None,
                1,
            )
            if row is None:
                return None
            if named:
                profile = await self._profile(connection, patient_ref)
            await self._pages.tell(connection, sight, "Patient", [row], named=named)
        return _patient(row), profile

    async def told_to_payer(self, patient_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return those of them who agreed, as of now, that the payer is told; for reports.

        Raises:
            DatabaseError: It refuses.
        """
        async with self._pages.transaction() as connection:
            rows = await connection.fetch(
                sql("patients_told_to_payer"),
                self._pages.site_id,
                list(patient_ids),
                self._pages.now(),
            )
        return frozenset(row["patient_id"] for row in rows)

    async def name(self, sight: Sight, patient_id: UUID) -> str | None:
        """What one patient is called; None where there is none to be seen.

        Raises:
            DatabaseError: It refuses.
            VaultError: The profile does not open.
        """
        async with self._pages.transaction() as connection:
            if sight.practitioner_refs is not None or sight.told_payer_only:
                return None
            row = await connection.fetchrow(sql("patient_by_id"), self._pages.site_id, patient_id)
            if row is None or row["erased_at"] is not None:
                return None
            found = patient_from(row, (), self._vault)
            await self._pages.tell(connection, sight, "Patient", [row], named=True)
        return found.full_name

    async def consents(
        self, sight: Sight, patient_ref: str | None, part: Slice
    ) -> Page[ConsentEntry]:
        """Everything there was of one patient, or what is in force; raises as `appointments`."""
        return await self._pages.page(
            sight,
            part,
            "Consent",
            "read_consents",
            (
                self._pages.site_id,
                patient_ref,
                self._pages.now(),
                *place_of(part, text, moment, UUID),
            ),
            lambda row: ConsentEntry(**without_id(row)),
            lambda row: (
                row["patient_ref"],
                (row["recorded_at"] or row["given_at"]).isoformat(),
                str(row["consent_id"]),
            ),
        )

    async def receipts(
        self, sight: Sight, patient_ref: str | None, part: Slice, erasure_id: UUID | None = None
    ) -> Page[ReceiptEntry]:
        """The site's receipts of erasure, a patient's, or one; raises as `appointments`."""
        return await self._pages.page(
            sight,
            part,
            "Receipt",
            "read_receipts",
            (self._pages.site_id, patient_ref, erasure_id, *place_of(part, moment, UUID)),
            lambda row: ReceiptEntry(**without_id(row)),
            lambda row: (row["erased_at"].isoformat(), str(row["erasure_id"])),
        )

    async def codes(self, sight: Sight, day: date, part: Slice) -> Page[CodeRow]:
        """Those in force at some time of a day; raises as `appointments`."""
        span = LocalDay(day, self._pages.zone)
        return await self._pages.page(
            sight,
            part,
            "Code",
            "read_codes",
            (
                self._pages.site_id,
                span.start,
                span.end,
                self._pages.now(),
                *place_of(part, moment, UUID),
            ),
            lambda row: CodeRow(**{**without_id(row), "state": CodeState(row["state"])}),
            lambda row: (row["issued_at"].isoformat(), str(row["code_id"])),
        )

    async def _profile(self, connection: Connection, patient_ref: str) -> PatientProfile | None:
        row = await connection.fetchrow(sql("patient_by_ref"), self._pages.site_id, patient_ref)
        if row is None:
            return None
        guardians = await connection.fetch(sql("guardian_refs"), row["patient_id"])
        found = patient_from(row, tuple(one["patient_ref"] for one in guardians), self._vault)
        return PatientProfile(
            found.full_name, found.birth_date, found.sex, found.phone, found.guardian_refs
        )


def _patient(row: asyncpg.Record) -> PatientEntry:
    values = without_id(row)
    lists = {key: tuple(row[key]) for key in ("consents", "packs", "looks_like")}
    return PatientEntry(**{**values, **lists})
