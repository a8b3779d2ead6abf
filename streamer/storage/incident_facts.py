"""Finds out who is affected by a breach, and what the audit says. Called by `kirdi incident`."""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from streamer.crypto.vault import Vault
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.incident import Access, Affected, Breach, IncidentFacts, Scope
from streamer.domain.patient import Patient
from streamer.storage.audit import append
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.profile import patient_from
from streamer.storage.queries import sql

_TIMEOUT_S: Final = 60.0
_OF_AGE: Final = 18


class IncidentRecords:
    """Of one site."""

    def __init__(
        self, postgres: Postgres, vault: Vault, site_id: str, site_name: str, zone: tzinfo
    ) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._vault = vault
        self._site_id = site_id
        self._site_name = site_name
        self._zone = zone

    async def facts(self, scope: Scope, by: str, now: datetime) -> IncidentFacts:
        """Find out, as of one moment; that it was asked is in the audit before it is returned.

        Args:
            scope: What it is about.
            by: Who asks, as recorded.
            now: Aware.

        Raises:
            DatabaseError: It refuses.
            VaultError: A profile does not open.
        """
        incident_id = uuid4()
        async with self._postgres.transaction() as connection:
            await connection.execute(sql("read_one_moment"))
            why = await self._why(connection, scope)
            affected, erased = await self._affected(connection, why, scope.ends)
            rows = await connection.fetch(
                sql("incident_accesses"),
                self._site_id,
                scope.begins,
                scope.ends,
                timeout=_TIMEOUT_S,
            )
        counts = {one: sum(one in kinds for kinds in why.values()) for one in scope.what}
        event = AuditEvent(
            AuditKind.INCIDENT_REPORT,
            AuditAction.EXECUTE,
            by,
            now,
            entity_type="incident",
            entity_id=str(incident_id),
            detail=(
                ("from", scope.begins.isoformat()),
                ("to", scope.ends.isoformat()),
                ("affected", len(why)),
                *((one.value, count) for one, count in counts.items()),
            ),
        )
        async with self._postgres.transaction() as connection:
            await append(connection, self._site_id, [event])
        return IncidentFacts(
            incident_id,
            self._site_name,
            scope,
            affected,
            erased,
            counts,
            tuple(Access(**dict(row)) for row in rows),
        )

    async def _why(self, connection: Connection, scope: Scope) -> dict[UUID, tuple[Breach, ...]]:
        """Which patients are affected, and by what."""
        found: dict[UUID, tuple[Breach, ...]] = {}
        given: Mapping[Breach, tuple[str, tuple[object, ...]]] = {
            Breach.KEYS: ("incident_stored", (scope.begins, scope.ends)),
            Breach.DATABASE: ("incident_stored", (scope.begins, scope.ends)),
            Breach.CAMERA: ("incident_seen", (scope.begins, scope.ends, list(scope.cameras))),
            Breach.ACCOUNT: ("incident_touched", (scope.begins, scope.ends, list(scope.accounts))),
        }
        for breach in scope.what:
            statement, values = given[breach]
            rows = await connection.fetch(
                sql(statement), self._site_id, *values, timeout=_TIMEOUT_S
            )
            for row in rows:
                patient_id: UUID = row["patient_id"]
                found[patient_id] = (*found.get(patient_id, ()), breach)
        return found

    async def _affected(
        self, connection: Connection, why: Mapping[UUID, tuple[Breach, ...]], ends: datetime
    ) -> tuple[tuple[Affected, ...], int]:
        rows = await connection.fetch(
            sql("incident_patients"), self._site_id, list(why), timeout=_TIMEOUT_S
        )
        links = await connection.fetch(sql("guardians_of"), list(why), timeout=_TIMEOUT_S)
        guardian_ids = [link["guardian_id"] for link in links]
        guardians = {
            row["patient_id"]: self._opened(row)
            for row in await connection.fetch(
                sql("incident_patients"), self._site_id, guardian_ids, timeout=_TIMEOUT_S
            )
        }
        of: dict[UUID, list[Patient]] = {}
        for link in links:
            if link["guardian_id"] in guardians:
                of.setdefault(link["patient_id"], []).append(guardians[link["guardian_id"]])
        today = ends.astimezone(self._zone).date()
        affected = tuple(
            self._one(row, of.get(row["patient_id"], []), why[row["patient_id"]], today)
            for row in rows
        )
        return affected, len(why) - len(affected)

    def _one(
        self,
        row: asyncpg.Record,
        guardians: list[Patient],
        why: tuple[Breach, ...],
        today: date,
    ) -> Affected:
        patient = self._opened(row)
        minor = patient.birth_date is not None and _years(patient.birth_date, today) < _OF_AGE
        contacts = tuple((one.full_name, one.phone) for one in guardians)
        return Affected(
            patient.patient_ref,
            patient.full_name,
            patient.id_number,
            patient.phone,
            patient.language,
            minor,
            contacts if minor or patient.phone is None else (),
            row["had_template"],
            why,
        )

    def _opened(self, row: asyncpg.Record) -> Patient:
        return patient_from(row, (), self._vault)


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
