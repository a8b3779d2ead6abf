"""Imports a file of any size in portions: all of it or nothing, and twice as once.

What claims and confirmations have in common: both are of a patient, and known by a reference.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Generic, Protocol, TypeVar
from uuid import UUID, uuid4

import asyncpg

from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.portion import Portion
from streamer.storage.audit import append
from streamer.storage.bad_lines import SHOWN, BadLines
from streamer.storage.erased_references import ErasedReferences
from streamer.storage.import_events import import_event
from streamer.storage.own_patients import OwnPatientError, billed_among
from streamer.storage.portioned_result import PortionedResult
from streamer.storage.postgres import Connection, Postgres, write_rows
from streamer.storage.queries import sql
from streamer.storage.refusals import refusals_recorded

_STATEMENT_TIMEOUT_S = 30.0


class OfPatient(Protocol):
    """A record that is about a patient, and perhaps about an appointment of theirs."""

    @property
    def patient_ref(self) -> str:
        """The clinic's reference of the patient."""
        ...

    @property
    def appointment_ref(self) -> str | None:
        """The appointment it names."""
        ...


Record = TypeVar("Record", bound=OfPatient)


@dataclass(slots=True)
class _Counts:
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    left_out: int = 0
    absent: int = 0
    of_others: int = 0
    wrong: list[str] = field(default_factory=list)
    bad: BadLines = field(default_factory=BadLines)
    own: set[UUID] = field(default_factory=set)


class PortionedImport(ABC, Generic[Record]):
    """Of one site."""

    entity: ClassVar[str]
    """What the audit calls it."""
    is_evidence: ClassVar[bool] = False
    """Nobody imports evidence of their own patients' visits."""
    fields: ClassVar[tuple[str, ...]]
    """What is stored of a record, in the order of the statements, after id and reference."""
    optional: ClassVar[frozenset[str]]
    """Those of them that stay as they were where the file has no such column."""
    stored: ClassVar[str]
    """Names of the statements: the stored side of a portion,"""
    insert: ClassVar[str]
    update: ClassVar[str]

    def __init__(self, postgres: Postgres, site_id: str, erased: ErasedReferences) -> None:
        """Keep the collaborators; rows of patients whom `erased` knows are left out."""
        self._postgres = postgres
        self._site_id = site_id
        self._erased = erased

    @abstractmethod
    def ref(self, record: Record) -> str:
        """Return the reference a record is known by."""

    @abstractmethod
    def values(
        self, record: Record, patient_id: UUID, practitioners: Mapping[str, UUID]
    ) -> tuple[object, ...]:
        """Return what is stored of a record, as `fields`."""

    async def prepare(self, _connection: Connection, _records: Sequence[Record]) -> dict[str, UUID]:
        """Return practitioners by reference, made where there are none; nobody by default."""
        return {}

    async def run(
        self, portions: AsyncIterator[Portion[Record]], now: datetime, by: Actor
    ) -> PortionedResult:
        """Write every record in one transaction; a portion at a time is in memory.

        Where a row is wrong nothing is written, but the file is read to its end, so that every row
        that is wrong is named.

        Args:
            portions: Of a file.
            now: Aware.
            by: Who imports.

        Raises:
            InputError: Names the rows that are wrong; only the record of it was written.
            DatabaseError: Nothing was written.
        """
        counts = _Counts()
        attempt = AuditEvent(
            AuditKind.IMPORT, AuditAction.EXECUTE, by.name, now, entity_type=self.entity
        )
        async with (
            refusals_recorded(self._postgres, self._site_id, attempt),
            self._postgres.transaction() as connection,
        ):
            await connection.execute(sql("lock_for_transaction"), f"import {self._site_id}")
            async for portion in portions:
                await self._portion(connection, portion, now, by, counts)
            if counts.own:
                raise OwnPatientError(counts.bad.message(), *sorted(counts.own))
            counts.bad.refuse()
            result = PortionedResult(
                counts.created,
                counts.updated,
                counts.unchanged,
                counts.left_out,
                counts.absent,
                counts.of_others,
                tuple(counts.wrong),
            )
            await append(connection, self._site_id, [import_event(self.entity, result, by, now)])
        return result

    async def _portion(
        self,
        connection: Connection,
        portion: Portion[Record],
        now: datetime,
        by: Actor,
        counts: _Counts,
    ) -> None:
        counts.bad.add(portion.bad)
        refs = {one.patient_ref for one in portion.records}
        gone = await self._erased.among(connection, refs)
        rows = await connection.fetch(
            sql("patient_ids"), self._site_id, list(refs - gone), timeout=_STATEMENT_TIMEOUT_S
        )
        patients: dict[str, UUID] = {row["patient_ref"]: row["patient_id"] for row in rows}
        own: frozenset[UUID] = frozenset()
        if self.is_evidence:
            own = await billed_among(connection, self._site_id, by, patients.values(), now)
            counts.own |= own
        kept: list[Record] = []
        for index, one in enumerate(portion.records):
            if patients.get(one.patient_ref) in own:
                counts.bad.add(
                    [
                        f"{portion.where(index, 'patient_ref')}: {by.name} is a practitioner and "
                        "has appointments with this patient; somebody else has to import it"
                    ]
                )
            elif one.patient_ref in patients:
                kept.append(one)
            elif one.patient_ref in gone:
                counts.left_out += 1
            else:
                # The value is not repeated: somebody may have put an identity number there.
                counts.bad.add(
                    [
                        f"{portion.where(index, 'patient_ref')}: no patient of this site has this "
                        "reference; import the patients first"
                    ]
                )
        if not counts.bad:
            await self._note_wrong_appointments(connection, portion, patients, counts)
            await self._write(connection, portion, kept, patients, now, counts)

    async def _note_wrong_appointments(
        self,
        connection: Connection,
        portion: Portion[Record],
        patients: Mapping[str, UUID],
        counts: _Counts,
    ) -> None:
        named = {one.appointment_ref for one in portion.records} - {None}
        if not named:
            return
        rows = await connection.fetch(
            sql("appointment_patients"), self._site_id, list(named), timeout=_STATEMENT_TIMEOUT_S
        )
        whose: dict[str, UUID] = {row["appointment_ref"]: row["patient_id"] for row in rows}
        for index, one in enumerate(portion.records):
            ref = one.appointment_ref
            if ref is None or one.patient_ref not in patients:
                continue
            if ref not in whose:
                counts.absent += 1
                wrong = "no appointment of this site has this reference"
            elif whose[ref] != patients[one.patient_ref]:
                counts.of_others += 1
                wrong = "this appointment is another patient's"
            else:
                continue
            if len(counts.wrong) < SHOWN:
                counts.wrong.append(f"{portion.where(index, 'appointment_ref')}: {wrong}")

    async def _write(
        self,
        connection: Connection,
        portion: Portion[Record],
        records: Sequence[Record],
        patients: Mapping[str, UUID],
        now: datetime,
        counts: _Counts,
    ) -> None:
        practitioners = await self.prepare(connection, records)
        rows = await connection.fetch(
            sql(self.stored),
            self._site_id,
            [self.ref(one) for one in records],
            timeout=_STATEMENT_TIMEOUT_S,
        )
        known = {row["ref"]: row for row in rows}
        absent = [
            place
            for place, name in enumerate(self.fields)
            if name in self.optional and name not in portion.columns
        ]
        inserts: list[tuple[object, ...]] = []
        updates: list[tuple[object, ...]] = []
        for one in records:
            ref, values = self.ref(one), self.values(one, patients[one.patient_ref], practitioners)
            row = known.get(ref)
            if row is None:
                inserts.append((uuid4(), self._site_id, ref, *values))
                continue
            before = _stored(row)
            if absent:
                values = _over(values, before, absent)
            if values == before:
                counts.unchanged += 1
            else:
                updates.append((row["id"], now, *values))
        await write_rows(connection, sql(self.insert), inserts)
        await write_rows(connection, sql(self.update), updates)
        counts.created += len(inserts)
        counts.updated += len(updates)


def _stored(row: asyncpg.Record) -> tuple[object, ...]:
    # Everything after the row's own id and reference, in the order of `fields`.
    return tuple(row)[2:]


def _over(
    values: tuple[object, ...], before: tuple[object, ...], absent: Sequence[int]
) -> tuple[object, ...]:
    """An empty cell clears a field, an absent column says nothing about it."""
    merged = list(values)
    for place in absent:
        merged[place] = before[place]
    return tuple(merged)
