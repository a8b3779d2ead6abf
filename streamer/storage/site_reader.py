"""Pages of what a site holds, for whoever may see them. Asked by the routes of the API.

Every look at patients is in the audit, in the same transaction. What is not of this site, or not
within somebody's sight, is not there.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, tzinfo
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg

from streamer.clock import Clock
from streamer.crypto.vault import Vault
from streamer.domain.appointment_entry import AppointmentEntry, AppointmentFilter, EvidenceEntry
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.check_in_entry import CheckInEntry
from streamer.domain.code import CodeRow, CodeState
from streamer.domain.consent_entry import ConsentEntry, ReceiptEntry
from streamer.domain.page import Page, Slice
from streamer.domain.patient_entry import PatientEntry, PatientProfile
from streamer.domain.presence_entry import PresenceEntry
from streamer.domain.sight import Sight
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.profile import patient_from
from streamer.storage.queries import sql

Item = TypeVar("Item")

_YEARS: Final = range(1900, 2200)


class SiteReader:
    """Reads one site."""

    def __init__(
        self, postgres: Postgres, vault: Vault, site: tuple[str, tzinfo], clock: Clock
    ) -> None:
        """Keep the collaborators; `site` is its id and time zone."""
        self._postgres = postgres
        self._vault = vault
        self._site_id, self._zone = site
        self._clock = clock

    async def appointments(
        self, sight: Sight, day: date, wanted: AppointmentFilter, part: Slice
    ) -> Page[AppointmentEntry]:
        """Those that start on a day, by start.

        Raises:
            InputError: `part.after` is no place in this list.
            DatabaseError: It refuses.
        """
        span = LocalDay(day, self._zone)
        at, ref = _place(part, _moment, _text)
        return await self._page(
            sight,
            part,
            "Appointment",
            "read_appointments",
            (
                *self._seen_by(sight),
                span.start,
                span.end,
                wanted.practitioner_ref,
                wanted.patient_ref,
                wanted.building,
                wanted.room,
                wanted.status,
                at,
                ref,
            ),
            _appointment,
            lambda row: (row["starts_at"].isoformat(), row["appointment_ref"]),
        )

    async def appointment(self, sight: Sight, appointment_ref: str) -> AppointmentEntry | None:
        """One of them; None where there is none to be seen; raises DatabaseError."""
        async with self._postgres.transaction() as connection:
            row = await connection.fetchrow(
                sql("read_appointment"), *self._seen_by(sight), appointment_ref
            )
            if row is None:
                return None
            await self._tell(connection, sight, "Appointment", [row])
        return _appointment(row)

    async def check_ins(
        self, sight: Sight, day: date, undone: bool, patient_ref: str | None, part: Slice
    ) -> Page[CheckInEntry]:
        """Those of a day, in their order; raises as `appointments`.

        Args:
            sight: Whose.
            day: Of the site.
            undone: Also those that were undone.
            patient_ref: Only this patient's.
            part: Which of them.
        """
        span = LocalDay(day, self._zone)
        return await self._page(
            sight,
            part,
            "CheckIn",
            "read_check_ins",
            (
                *self._seen_by(sight),
                span.start,
                span.end,
                undone,
                patient_ref,
                *_place(part, _moment, UUID),
            ),
            lambda row: CheckInEntry(**_without_id(row)),
            lambda row: (row["occurred_at"].isoformat(), str(row["event_id"])),
        )

    async def presences(
        self, sight: Sight, day: date, patient_ref: str | None, part: Slice
    ) -> Page[PresenceEntry]:
        """Who was seen on a day without arriving by it; raises as `appointments`."""
        span = LocalDay(day, self._zone)
        return await self._page(
            sight,
            part,
            "Presence",
            "read_presences",
            (
                *self._seen_by(sight),
                span.start,
                span.end,
                patient_ref,
                *_place(part, _moment, UUID),
            ),
            lambda row: PresenceEntry(**_without_id(row)),
            lambda row: (row["occurred_at"].isoformat(), str(row["presence_id"])),
        )

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
        (after,) = _place(part, _text)
        return await self._page(
            sight,
            part,
            "Patient",
            "read_patients",
            (*self._seen_by(sight), pack_id, patient_ref, needs_enrolment, after),
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
        async with self._postgres.transaction() as connection:
            row = await connection.fetchrow(
                sql("read_patients"),
                *self._seen_by(sight),
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
            await self._tell(connection, sight, "Patient", [row], named=named)
        return _patient(row), profile

    async def consents(
        self, sight: Sight, patient_ref: str | None, part: Slice
    ) -> Page[ConsentEntry]:
        """Everything there was of one patient, or what is in force; raises as `appointments`."""
        return await self._page(
            sight,
            part,
            "Consent",
            "read_consents",
            (
                self._site_id,
                patient_ref,
                self._clock.now(),
                *_place(part, _text, _moment, UUID),
            ),
            lambda row: ConsentEntry(**_without_id(row)),
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
        return await self._page(
            sight,
            part,
            "Receipt",
            "read_receipts",
            (self._site_id, patient_ref, erasure_id, *_place(part, _moment, UUID)),
            lambda row: ReceiptEntry(**_without_id(row)),
            lambda row: (row["erased_at"].isoformat(), str(row["erasure_id"])),
        )

    async def codes(self, sight: Sight, day: date, part: Slice) -> Page[CodeRow]:
        """Those in force at some time of a day; raises as `appointments`."""
        span = LocalDay(day, self._zone)
        return await self._page(
            sight,
            part,
            "Code",
            "read_codes",
            (
                self._site_id,
                span.start,
                span.end,
                self._clock.now(),
                *_place(part, _moment, UUID),
            ),
            lambda row: CodeRow(**{**_without_id(row), "state": CodeState(row["state"])}),
            lambda row: (row["issued_at"].isoformat(), str(row["code_id"])),
        )

    async def looked(
        self, sight: Sight, what: str, entity_id: str = "", patients: Sequence[UUID] = ()
    ) -> None:
        """Have in the audit that somebody looked at what is not in the database.

        Args:
            sight: Whose look.
            what: At what.
            entity_id: Its opaque id.
            patients: Whom it may show; an event for each, or one where nobody is known.

        Raises:
            DatabaseError: It is not on record, so that nothing may be shown.
        """
        now = self._clock.now()
        events = [
            AuditEvent(
                kind=AuditKind.PATIENT_READ,
                action=AuditAction.READ,
                actor=sight.reader,
                occurred_at=now,
                patient_id=one,
                entity_type=what,
                entity_id=entity_id,
            )
            for one in patients or (None,)
        ]
        async with self._postgres.transaction() as connection:
            await append(connection, self._site_id, events)

    def _seen_by(self, sight: Sight) -> tuple[object, ...]:
        refs = None if sight.practitioner_refs is None else list(sight.practitioner_refs)
        return (self._site_id, refs, sight.told_payer_only, self._clock.now())

    async def _page(
        self,
        sight: Sight,
        part: Slice,
        what: str,
        name: str,
        values: Sequence[object],
        made: Callable[[asyncpg.Record], Item],
        place: Callable[[asyncpg.Record], tuple[str, ...]],
    ) -> Page[Item]:
        async with self._postgres.transaction() as connection:
            # One more than wanted says whether there are more.
            rows = await connection.fetch(sql(name), *values, part.limit + 1)
            shown = rows[: part.limit]
            if shown:
                await self._tell(connection, sight, what, shown)
        after = place(shown[-1]) if len(rows) > part.limit else None
        return Page(tuple(made(row) for row in shown), after)

    async def _tell(
        self,
        connection: Connection,
        sight: Sight,
        what: str,
        rows: Sequence[asyncpg.Record],
        *,
        named: bool = False,
    ) -> None:
        """One event for a page: about a patient where it shows one patient only."""
        whose = {row["patient_id"] for row in rows}
        detail: tuple[tuple[str, str | int | bool], ...] = (("rows", len(rows)),)
        if named:
            detail = (*detail, ("named", True))
        event = AuditEvent(
            kind=AuditKind.PATIENT_READ,
            action=AuditAction.READ,
            actor=sight.reader,
            occurred_at=self._clock.now(),
            patient_id=whose.pop() if len(whose) == 1 else None,
            entity_type=what,
            detail=detail,
        )
        await append(connection, self._site_id, [event])

    async def _profile(self, connection: Connection, patient_ref: str) -> PatientProfile | None:
        row = await connection.fetchrow(sql("patient_by_ref"), self._site_id, patient_ref)
        if row is None:
            return None
        guardians = await connection.fetch(sql("guardian_refs"), row["patient_id"])
        found = patient_from(row, tuple(one["patient_ref"] for one in guardians), self._vault)
        return PatientProfile(
            found.full_name, found.birth_date, found.sex, found.phone, found.guardian_refs
        )


def _without_id(row: asyncpg.Record) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "patient_id"}


def _appointment(row: asyncpg.Record) -> AppointmentEntry:
    values = _without_id(row)
    method, grade, at = (values.pop(key) for key in ("method", "evidence", "occurred_at"))
    evidence = None
    if method is not None:
        evidence = EvidenceEntry(Method(method), EvidenceGrade(grade), row["occurred_at"])
    assert (at is None) == (evidence is None)
    return AppointmentEntry(**values, evidence=evidence)


def _patient(row: asyncpg.Record) -> PatientEntry:
    values = _without_id(row)
    lists = {key: tuple(row[key]) for key in ("consents", "packs", "looks_like")}
    return PatientEntry(**{**values, **lists})


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError("PostgreSQL holds no such text")
    return text


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or moment.year not in _YEARS:
        raise ValueError("no moment of ours")
    return moment


def _place(part: Slice, *read: Callable[[str], object]) -> tuple[object, ...]:
    """The place that a page goes on from, a value for each column; None for each = from the start.

    Raises:
        InputError: It is no place in this list.
    """
    if not part.after:
        return (None,) * len(read)
    try:
        return tuple(one(text) for one, text in zip(read, part.after, strict=True))
    except (ValueError, OverflowError):
        raise InputError("cursor: is none of this list; begin without one") from None
