"""Imports patients: all of a file or nothing of it, and the second time nothing changes.

Called by `kirdi patients import`.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg

from streamer.crypto.keyed_hash import KeyedHash
from streamer.crypto.vault import Vault
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.consent import ConsentPurpose, EndReason
from streamer.domain.patient import Patient
from streamer.domain.rows import Rows, over, selected, where
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.bad_lines import BadLines
from streamer.storage.erased_references import ErasedReferences
from streamer.storage.eraser import Eraser
from streamer.storage.import_events import import_event, naming_events
from streamer.storage.import_result import ImportResult
from streamer.storage.keys import hold_current_key
from streamer.storage.own_patients import OwnPatientError, billed_among, practitioner_refs_of
from streamer.storage.patients_checks import (
    refuse_bad_references,
    refuse_future_dates,
    refuse_shared_numbers,
)
from streamer.storage.postgres import Connection, Postgres, write_rows
from streamer.storage.profile import patient_from, place_of_profile, profile_bytes
from streamer.storage.queries import sql
from streamer.storage.refusals import refusals_recorded
from streamer.storage.statistics import refresh_statistics

# One statement over a whole file may take longer than the pool's limit for a single row.
_STATEMENT_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to write, worked out off the event loop.

    Attributes:
        inserts: Argument tuples of `insert_patient`,
        updates: and of `update_patient`.
        ids: patient_ref to patient_id of every patient of the file.
        hashes: Keyed hash of each one's number as it will be stored, in the file's order.
        gone: Stored patients who died or are staff now: their consents end.
        phones: Stored patients whose phone is another one now.
        numbers: Places of the rows by which anybody's phone becomes another one, or a first one.
        rows: Where in the file each stored patient stands.
        created: References of new patients,
        updated: and of stored ones that change.
    """

    inserts: list[tuple[object, ...]] = field(default_factory=list)
    updates: list[tuple[object, ...]] = field(default_factory=list)
    ids: dict[str, UUID] = field(default_factory=dict)
    hashes: list[bytes | None] = field(default_factory=list)
    gone: list[UUID] = field(default_factory=list)
    phones: list[UUID] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    rows: dict[UUID, int] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)


class PatientsImport:
    """Writes patients, their names and numbers sealed."""

    def __init__(
        self,
        postgres: Postgres,
        vault: Vault,
        keyed_hash: KeyedHash,
        site_id: str,
        eraser: Eraser,
    ) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._vault = vault
        self._keyed_hash = keyed_hash
        self._site_id = site_id
        self._eraser = eraser
        self._erased = ErasedReferences(keyed_hash, site_id)

    async def run(
        self,
        patients: Sequence[Patient],
        now: datetime,
        by: Actor = SERVICE,
        readmit: Collection[str] = (),
    ) -> ImportResult:
        """Write every patient in one transaction.

        An empty cell clears what was stored; a column the file lacks leaves it as it was. A death
        ends every consent of a patient, becoming staff the one to check-in; the templates go. Who
        bills a patient changes nothing of theirs, and no practitioner writes anybody's phone: they
        may bill a visit of that patient later, and a code for it would go to the number they gave.

        Args:
            patients: From `exchange.read_patients`, so that errors can name the line.
            now: Aware; when the rows were written.
            by: Who imports; recorded with what is ended.
            readmit: References of patients who were erased at their wish and are to be taken in
                again; the others of those are left out.

        Raises:
            InputError: A reference, number or date that cannot be, or a patient of the importer's
                own; only the record of it was written.
            DatabaseError: Nothing was written.
            VaultError: A stored profile does not open; nothing was written.
        """
        refuse_bad_references(patients)
        refuse_future_dates(patients, now)
        given = len(patients)
        attempt = AuditEvent(
            AuditKind.IMPORT, AuditAction.EXECUTE, by.name, now, entity_type="Patient"
        )
        async with (
            refusals_recorded(self._postgres, self._site_id, attempt),
            self._postgres.transaction() as connection,
        ):
            await connection.execute(sql("lock_for_transaction"), f"import {self._site_id}")
            patients = await self._without_erased(connection, patients, readmit)
            refs = [one.patient_ref for one in patients]
            rows = await connection.fetch(
                sql("patients_for_import"), self._site_id, refs, timeout=_STATEMENT_TIMEOUT_S
            )
            stored = {row["patient_ref"]: row for row in rows}
            await hold_current_key(connection, self._vault)
            plan = await asyncio.to_thread(self._plan, patients, stored, now)
            hashes = [one for one in plan.hashes if one is not None]
            rows = await connection.fetch(
                sql("foreign_id_numbers"),
                self._site_id,
                hashes,
                refs,
                timeout=_STATEMENT_TIMEOUT_S,
            )
            refuse_shared_numbers(patients, plan.hashes, (row["id_number_hash"] for row in rows))
            # A check-in holds the consent and then names the patient: in that order.
            await connection.execute(sql("lock_consents_of_patients"), plan.gone)
            await write_rows(connection, sql("insert_patient"), plan.inserts)
            await write_rows(connection, sql("update_patient"), plan.updates)
            regrouped = await self._write_guardians(connection, patients, plan)
            changed = [plan.ids[ref] for ref in sorted(plan.created | plan.updated | regrouped)]
            own = await billed_among(connection, self._site_id, by, changed, now)
            if own:
                raise _own_patients(patients, plan, own, by)
            if plan.numbers and await practitioner_refs_of(connection, self._site_id, by):
                raise _phones(patients, plan, by)
            await self._end_consents(connection, list(plan.ids.values()), by, now)
            updated = len((plan.updated | regrouped) - plan.created)
            created = len(plan.created)
            unchanged = len(patients) - created - updated
            result = ImportResult(created, updated, unchanged, given - len(patients))
            event = import_event("Patient", result, by, now)
            named = naming_events(event, patients=changed, phones=plan.phones)
            await append(connection, self._site_id, named)
        await refresh_statistics(self._postgres, created + updated)
        return result

    async def _without_erased(
        self, connection: Connection, patients: Sequence[Patient], readmit: Collection[str]
    ) -> Sequence[Patient]:
        """Leave out who was erased at their wish, as patients and as guardians."""
        named = {one.patient_ref for one in patients}
        if readmit:
            await self._erased.readmit(connection, readmit, named)
        guardians = {ref for one in patients for ref in one.guardian_refs}
        out = await self._erased.among(connection, named | guardians)
        if not out:
            return patients
        kept = [
            (index, replace(one, guardian_refs=tuple(set(one.guardian_refs) - out)))
            if out & set(one.guardian_refs)
            else (index, one)
            for index, one in enumerate(patients)
            if one.patient_ref not in out
        ]
        return selected(patients, kept)

    async def _end_consents(
        self, connection: Connection, patient_ids: list[UUID], by: Actor, now: datetime
    ) -> None:
        rows = await connection.fetch(
            sql("gone_from_care"), patient_ids, timeout=_STATEMENT_TIMEOUT_S
        )
        for row in rows:
            patient = await connection.fetchrow(
                sql("lock_patient"), self._site_id, row["patient_id"]
            )
            assert patient is not None
            purposes = tuple(ConsentPurpose) if row["deceased"] else (ConsentPurpose.CHECK_IN,)
            reason = EndReason.DECEASED if row["deceased"] else EndReason.STAFF
            await self._eraser.end(connection, patient, purposes, reason, by.name, now)

    def _plan(
        self, patients: Sequence[Patient], stored: dict[str, asyncpg.Record], now: datetime
    ) -> _Plan:
        plan = _Plan()
        for index, given in enumerate(patients):
            row = stored.get(given.patient_ref)
            if row is None:
                self._plan_insert(plan, given, now)
                if given.phone is not None:
                    plan.numbers.append(index)
            else:
                self._plan_update(plan, patients, index, row, now)
        return plan

    def _plan_insert(self, plan: _Plan, patient: Patient, now: datetime) -> None:
        patient_id = uuid4()
        key = self._vault.new_data_key(patient_id)
        sealed = self._vault.seal(key, place_of_profile(patient_id), profile_bytes(patient))
        clear = self._clear(patient)
        head = (patient_id, self._site_id, patient.patient_ref, key, sealed)
        plan.inserts.append((*head, *clear, now))
        plan.hashes.append(clear[0])
        plan.ids[patient.patient_ref] = patient_id
        plan.created.add(patient.patient_ref)

    def _plan_update(
        self,
        plan: _Plan,
        patients: Sequence[Patient],
        index: int,
        row: asyncpg.Record,
        now: datetime,
    ) -> None:
        given = patients[index]
        # Guardians have a table of their own and are compared there.
        before = patient_from(row, given.guardian_refs, self._vault)
        after = over(before, given, patients)
        clear = self._clear(after)
        if before != after:
            sealed = self._vault.seal(
                row["wrapped_key"], place_of_profile(row["patient_id"]), profile_bytes(after)
            )
            phone_changed = before.phone != after.phone
            plan.updates.append((row["patient_id"], sealed, *clear, now, phone_changed))
            plan.updated.add(given.patient_ref)
            if phone_changed:
                plan.phones.append(row["patient_id"])
                plan.numbers.append(index)
            if after.deceased_on is not None or after.is_staff:
                plan.gone.append(row["patient_id"])
        plan.hashes.append(clear[0])
        plan.rows[row["patient_id"]] = index
        plan.ids[given.patient_ref] = row["patient_id"]

    def _clear(self, patient: Patient) -> tuple[bytes | None, *tuple[object, ...]]:
        """Return the columns that stand in clear, the number's hash first."""
        number_hash = (
            self._keyed_hash.of(patient.id_type, patient.id_number)
            if patient.id_type is not None and patient.id_number is not None
            else None
        )
        return (
            number_hash,
            patient.language,
            patient.attached_from,
            patient.attached_to,
            patient.deceased_on,
            patient.is_staff,
            patient.payer,
        )

    async def _write_guardians(
        self, connection: Connection, patients: Sequence[Patient], plan: _Plan
    ) -> set[str]:
        """Make the links those of the file; return the references whose links changed."""
        if isinstance(patients, Rows) and "guardian_refs" not in patients.columns:
            return set()
        outside = {ref for one in patients for ref in one.guardian_refs} - plan.ids.keys()
        rows = await connection.fetch(sql("patient_ids"), self._site_id, list(outside))
        known = plan.ids | {row["patient_ref"]: row["patient_id"] for row in rows}
        wanted: dict[UUID, set[UUID]] = {}
        for index, one in enumerate(patients):
            if any(ref not in known for ref in one.guardian_refs):
                raise InputError(
                    f"{where(patients, index, 'guardian_refs')}: names a patient_ref that is "
                    "neither in the file nor imported before; add that patient"
                )
            wanted[plan.ids[one.patient_ref]] = {known[ref] for ref in one.guardian_refs}
        present: dict[UUID, set[UUID]] = {patient_id: set() for patient_id in wanted}
        for row in await connection.fetch(sql("guardians_of"), list(wanted)):
            present[row["patient_id"]].add(row["guardian_id"])
        changed = {key for key, guardians in wanted.items() if guardians != present[key]}
        await connection.execute(sql("delete_guardians"), list(changed))
        links = [(key, guardian) for key in changed for guardian in wanted[key]]
        await write_rows(connection, sql("insert_guardian"), links)
        return {ref for ref, patient_id in plan.ids.items() if patient_id in changed}


def _phones(patients: Sequence[Patient], plan: _Plan, by: Actor) -> OwnPatientError:
    """Say which rows name a phone that a code could go to."""
    bad = BadLines()
    bad.add(
        f"{where(patients, index, 'phone')}: {by.name} is a practitioner; somebody else has to "
        "write phones, as codes are sent there"
        for index in plan.numbers
    )
    return OwnPatientError(bad.message(), *plan.phones)


def _own_patients(
    patients: Sequence[Patient], plan: _Plan, own: Collection[UUID], by: Actor
) -> OwnPatientError:
    """Say which rows are about patients whom the importer bills."""
    bad = BadLines()
    bad.add(
        f"{where(patients, index, 'patient_ref')}: {by.name} is a practitioner and has "
        "appointments with this patient; somebody else has to change the entry"
        for patient_id, index in plan.rows.items()
        if patient_id in own
    )
    return OwnPatientError(bad.message(), *sorted(own))
