"""What reports ask about patients, read once for each patient of a period. Used by `visit_days`."""

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from streamer.crypto.vault import Vault
from streamer.domain.age import birth_date_of, sex_of
from streamer.domain.patient_facts import PatientFacts
from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Connection
from streamer.storage.profile import patient_from
from streamer.storage.queries import sql

_TIMEOUT_S: Final = 30.0
_OWN: Final = "withdrawn"

_Span = tuple[datetime, datetime]
"""A day's beginning and end: worked out once, and not for each of its patients."""
_Term = tuple[datetime, datetime | None]


@dataclasses.dataclass(slots=True)
class _Known:
    """One patient.

    Attributes:
        facts: As of the last day asked for; most patients' are the same on every day.
        terms: When a consent was in force: from, until (None = for ever).
        refusals: When the patient withdrew or refused.
        opened: Is the sealed profile read?
    """

    facts: PatientFacts
    may_be_seen: bool
    terms: tuple[_Term, ...]
    refusals: tuple[datetime, ...]
    opened: bool = False


class ReportPatients:
    """Of one period, in one transaction."""

    def __init__(self, connection: Connection, vault: Vault, site_id: str) -> None:
        """Begin with nobody."""
        self._connection = connection
        self._vault = vault
        self._site_id = site_id
        self._known: dict[UUID, _Known] = {}

    async def of_day(
        self, wanted: Collection[UUID], day: LocalDay, with_profile: Collection[UUID]
    ) -> Mapping[UUID, PatientFacts]:
        """Return facts as of a day.

        Args:
            wanted: Whose.
            day: The site's.
            with_profile: Of these, sex and birth date too.
        """
        span = (day.start, day.end)
        new = [one for one in wanted if one not in self._known]
        if new:
            await self._read(new)
        closed = [one for one in with_profile if not self._known[one].opened]
        if closed:
            await self._open(closed)
        return {one: _as_of(self._known[one], span) for one in wanted}

    async def _read(self, new: list[UUID]) -> None:
        rows = await self._connection.fetch(
            sql("report_patients"), self._site_id, new, timeout=_TIMEOUT_S
        )
        consents: dict[UUID, list[asyncpg.Record]] = {}
        for row in await self._connection.fetch(sql("report_consents"), new, timeout=_TIMEOUT_S):
            consents.setdefault(row["patient_id"], []).append(row)
        for row in rows:
            patient_id, patient_ref, is_staff, deceased_on, begins, ends, templated, alike = row
            own = consents.get(patient_id)
            terms, refusals = ((), ()) if own is None else (_terms(own), _refusals(own))
            facts = PatientFacts(
                patient_id,
                patient_ref,
                enrolled=False,
                declined=False,
                code_only=alike,
                deceased_on=deceased_on,
                attached_from=begins,
                attached_to=ends,
            )
            may_be_seen = bool(templated) and not is_staff
            self._known[patient_id] = _Known(facts, may_be_seen, terms, refusals)

    async def _open(self, closed: list[UUID]) -> None:
        rows = await self._connection.fetch(
            sql("profiles_of"), self._site_id, closed, timeout=_TIMEOUT_S
        )
        for row in rows:
            known = self._known[row["patient_id"]]
            patient = patient_from(row, (), self._vault)
            known.facts = known.facts._replace(
                sex=sex_of(patient), birth_date=birth_date_of(patient)
            )
            known.opened = True


def _as_of(known: _Known, span: _Span) -> PatientFacts:
    """What is known of a patient on a day; most are the same on every one."""
    facts = known.facts
    if not known.terms and not known.refusals:
        return facts
    enrolled = known.may_be_seen and _in_force(known.terms, span)
    declined = not enrolled and _refused(known.refusals, span)
    if enrolled is not facts.enrolled or declined is not facts.declined:
        known.facts = facts = facts._replace(enrolled=enrolled, declined=declined)
    return facts


def _in_force(terms: tuple[_Term, ...], span: _Span) -> bool:
    """Was there a consent from the beginning of the day to its end?"""
    start, end = span
    return any(begins <= start and (ends is None or ends >= end) for begins, ends in terms)


def _refused(refusals: tuple[datetime, ...], span: _Span) -> bool:
    return bool(refusals) and min(refusals) < span[1]


def _terms(rows: Iterable[asyncpg.Record]) -> tuple[_Term, ...]:
    return tuple(
        (row["given_at"], row["ends_at"]) for row in rows if row["status"] in ("active", "inactive")
    )


def _refusals(rows: Iterable[asyncpg.Record]) -> tuple[datetime, ...]:
    return tuple(
        row["ends_at"] or row["given_at"]
        for row in rows
        if row["status"] == "rejected" or row["ended_reason"] == _OWN
    )
