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
    terms: tuple[tuple[datetime, datetime | None], ...]
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
        new = [one for one in wanted if one not in self._known]
        if new:
            await self._read(new, day)
        closed = [one for one in with_profile if not self._known[one].opened]
        if closed:
            await self._open(closed)
        return {one: self._as_of(self._known[one], day) for one in wanted}

    def _as_of(self, known: _Known, day: LocalDay) -> PatientFacts:
        if not known.terms and not known.refusals:
            return known.facts
        enrolled = known.may_be_seen and _in_force(known.terms, day)
        declined = not enrolled and _refused(known.refusals, day)
        if (enrolled, declined) != (known.facts.enrolled, known.facts.declined):
            known.facts = known.facts._replace(enrolled=enrolled, declined=declined)
        return known.facts

    async def _read(self, new: list[UUID], day: LocalDay) -> None:
        rows = await self._connection.fetch(
            sql("report_patients"), self._site_id, new, timeout=_TIMEOUT_S
        )
        consents: dict[UUID, list[asyncpg.Record]] = {}
        for row in await self._connection.fetch(sql("report_consents"), new, timeout=_TIMEOUT_S):
            consents.setdefault(row["patient_id"], []).append(row)
        for row in rows:
            patient_id: UUID = row["patient_id"]
            own = consents.get(patient_id, ())
            terms, refusals = _terms(own), _refusals(own)
            may_be_seen = row["templated"] and not row["is_staff"]
            enrolled = may_be_seen and _in_force(terms, day)
            self._known[patient_id] = _Known(
                PatientFacts(
                    patient_id,
                    row["patient_ref"],
                    enrolled=enrolled,
                    declined=not enrolled and _refused(refusals, day),
                    code_only=row["code_only"],
                    deceased_on=row["deceased_on"],
                    attached_from=row["attached_from"],
                    attached_to=row["attached_to"],
                ),
                may_be_seen,
                terms,
                refusals,
            )

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


def _in_force(terms: tuple[tuple[datetime, datetime | None], ...], day: LocalDay) -> bool:
    """Was there a consent from the beginning of the day to its end?"""
    return any(begin <= day.start and (end is None or end >= day.end) for begin, end in terms)


def _refused(refusals: tuple[datetime, ...], day: LocalDay) -> bool:
    return any(at < day.end for at in refusals)


def _terms(rows: Iterable[asyncpg.Record]) -> tuple[tuple[datetime, datetime | None], ...]:
    return tuple(
        (row["given_at"], row["ends_at"]) for row in rows if row["status"] in ("active", "inactive")
    )


def _refusals(rows: Iterable[asyncpg.Record]) -> tuple[datetime, ...]:
    return tuple(
        row["ends_at"] or row["given_at"]
        for row in rows
        if row["status"] == "rejected" or row["ended_reason"] == _OWN
    )
