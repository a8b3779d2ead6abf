"""A site of many patients in the throwaway database, written row by row as no import could.

Those who come are real: their keys, consents and sealed templates open. All others are rows that
queries have to pass by.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID, uuid4

import numpy as np

from config.settings import Site
from matcher.face import Embedding, Vector
from streamer.crypto.vault import Purpose, SealedFor, Vault
from streamer.storage.database import Database
from streamer.storage.postgres import Connection, write_rows
from streamer.storage.vectors import vector_bytes

PACK: Final = "bench"
DIMENSION: Final = 128
PATIENTS_PER_APPOINTMENT: Final = 20_000 / 1_500

_SPREAD: Final = 0.12
_FIRST: Final = time(10)
_OPEN: Final = timedelta(hours=6)
_VISIT: Final = timedelta(minutes=20)
# Statements over a large site take longer than the service would ever wait.
_LIMIT_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Visitor:
    """A patient with one appointment, and what the camera would see of them."""

    patient_id: UUID
    appointment_id: UUID
    probe: Embedding


@dataclass(frozen=True, slots=True)
class LargeClinic:
    """Who was written.

    Attributes:
        patients: All of the site.
        today: Who comes on the first day, by start.
        tomorrow: And on the next: other patients.
    """

    patients: int
    today: Sequence[Visitor]
    tomorrow: Sequence[Visitor]


async def write_clinic(
    database: Database, site: Site, midday: datetime, appointments: int
) -> LargeClinic:
    """Write the site; appointments begin from 10:00 to 16:00 of the day of `midday` and the next.

    Raises:
        DatabaseError: It cannot be written.
    """
    patients = round(appointments * PATIENTS_PER_APPOINTMENT)
    first = datetime.combine(midday.astimezone(site.zone).date(), _FIRST, site.zone)
    starts = [first + _OPEN * number / appointments for number in range(appointments)]
    practitioner = uuid4()
    async with database.postgres.transaction() as connection:
        await connection.execute(
            "INSERT INTO practitioners VALUES ($1, $2, 'D-1', 'Nobody')", practitioner, site.id
        )
        await connection.execute(
            "INSERT INTO patients (patient_id, site_id, patient_ref, wrapped_key, sealed_profile,"
            " is_staff, created_at, updated_at) SELECT gen_random_uuid(), $1, 'N-' || n, '', '',"
            " false, $2, $2 FROM generate_series(1, $3) AS n",
            site.id,
            midday,
            patients - 2 * appointments,
            timeout=_LIMIT_S,
        )
    days: list[list[Visitor]] = []
    for day in range(2):
        begins = [start + timedelta(days=day) for start in starts]
        rows = await asyncio.to_thread(_rows, database.vault, site.id, practitioner, begins, midday)
        async with database.postgres.transaction() as connection:
            await rows.write(connection)
        days.append(rows.visitors)
    return LargeClinic(patients, days[0], days[1])


@dataclass(frozen=True, slots=True)
class _Rows:
    visitors: list[Visitor]
    patients: list[tuple[object, ...]]
    consents: list[tuple[object, ...]]
    templates: list[tuple[object, ...]]
    appointments: list[tuple[object, ...]]

    async def write(self, connection: Connection) -> None:
        for statement, rows in (
            (
                "INSERT INTO patients (patient_id, site_id, patient_ref, wrapped_key,"
                " sealed_profile, is_staff, created_at, updated_at)"
                " VALUES ($1, $2, $3, $4, '', false, $5, $5)",
                self.patients,
            ),
            (
                "INSERT INTO consents (consent_id, patient_id, purpose, status, document_ref,"
                " given_at) VALUES ($1, $2, 'check-in', 'active', 'bench', $3)",
                self.consents,
            ),
            (
                "INSERT INTO templates (template_id, patient_id, consent_id, pack_id,"
                " sealed_vector, photos, created_at) VALUES ($1, $2, $3, $4, $5, 1, $6)",
                self.templates,
            ),
            (
                "INSERT INTO appointments (appointment_id, site_id, appointment_ref, patient_id,"
                " practitioner_id, service_code, service_name, starts_at, ends_at, status,"
                " status_changed_at, place, walk_in)"
                " VALUES ($1, $2, $3, $4, $5, 'B', 'Benchmark', $6, $7, 'booked', $8, 'site',"
                " false)",
                self.appointments,
            ),
        ):
            await write_rows(connection, statement, rows)


def _rows(
    vault: Vault, site_id: str, practitioner: UUID, begins: Sequence[datetime], now: datetime
) -> _Rows:
    rows = _Rows([], [], [], [], [])
    generator = np.random.default_rng(len(begins))
    for starts_at in begins:
        patient, consent, template, appointment = (uuid4() for _ in range(4))
        vector: Vector = generator.standard_normal(DIMENSION, dtype=np.float32)
        vector *= np.float32(_SPREAD)
        key = vault.new_data_key(patient)
        place = SealedFor(patient, Purpose.TEMPLATE, template, PACK)
        sealed = vault.seal(key, place, vector_bytes(vector))
        rows.visitors.append(Visitor(patient, appointment, Embedding(vector, PACK)))
        rows.patients.append((patient, site_id, f"P-{patient}", key, now))
        rows.consents.append((consent, patient, now))
        rows.templates.append((template, patient, consent, PACK, sealed, now))
        rows.appointments.append(
            (
                appointment,
                site_id,
                f"A-{appointment}",
                patient,
                practitioner,
                starts_at,
                starts_at + _VISIT,
                now,
            )
        )
    return rows
