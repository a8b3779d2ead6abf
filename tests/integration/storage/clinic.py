"""A clinic in a fresh database, with the few acts the storage tests need."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import numpy as np

from config.settings import Site
from matcher.face import Vector
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.booking import Booking
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method
from streamer.domain.patient import Patient
from streamer.domain.presence_window import PresenceWindow, closing_times
from streamer.storage.appointments_import import AppointmentsImport
from streamer.storage.check_ins import PostgresCheckIns
from streamer.storage.database import Database
from streamer.storage.enrolment import PostgresEnrolment
from streamer.storage.gallery_source import PostgresGallery
from streamer.storage.import_result import ImportResult
from streamer.storage.listing import AppointmentRow, CheckInRow, Listing
from streamer.storage.patients_import import PatientsImport
from streamer.storage.redis_link import RedisLink
from streamer.storage.schedules import ScheduleCache
from tests.fakes.clock import FakeClock

SITE = Site(id="test-1", name="Polyclinic No. 1", time_zone="Asia/Almaty")
ZONE = ZoneInfo("Asia/Almaty")
# 09:00 in Almaty.
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOW = (timedelta(minutes=120), timedelta(minutes=30))
PRESENCE = PresenceWindow(
    before=timedelta(minutes=240),
    after=timedelta(minutes=240),
    at_least_after=timedelta(minutes=30),
    zone=ZONE,
    closes=closing_times({"mon-sat": "08:00-18:00"}),
)
PACK = "open"


def patient(number: int) -> Patient:
    return Patient(f"P-{number}", f"Full Name {number}")


def booking(number: int, patient_number: int | None = None) -> Booking:
    owner = number if patient_number is None else patient_number
    return Booking(
        appointment_ref=f"A-{number}",
        patient_ref=f"P-{owner}",
        practitioner_ref="D-1",
        practitioner_name="Dr One",
        service_code="S1",
        service_name="Consultation",
        starts_at=NOW + HOUR,
        ends_at=NOW + 2 * HOUR,
        status=AppointmentStatus.BOOKED,
    )


def vector(seed: int) -> Vector:
    made: Vector = np.random.default_rng(seed).normal(size=128).astype(np.float32)
    return made


@dataclass(frozen=True, slots=True)
class Clinic:
    """An open database and a clock that stands at NOW."""

    database: Database
    clock: FakeClock

    def schedules(self, link: RedisLink | None = None) -> ScheduleCache:
        return ScheduleCache(self.database.postgres, link, SITE.id, ZONE, self.clock)

    async def import_patients(self, *patients: Patient) -> ImportResult:
        database = self.database
        imports = PatientsImport(database.postgres, database.vault, database.keyed_hash, SITE.id)
        return await imports.run(patients, self.clock.now())

    async def import_bookings(
        self, *bookings: Booking, schedules: ScheduleCache | None = None
    ) -> ImportResult:
        imports = AppointmentsImport(
            self.database.postgres, SITE.id, ZONE, schedules or self.schedules()
        )
        return await imports.run(bookings, self.clock.now())

    async def enrol(self, number: int, consent_ref: str = "C-1") -> Vector:
        store = PostgresEnrolment(self.database.postgres, self.database.vault, SITE.id)
        made = vector(number)
        await store.save(f"P-{number}", consent_ref, made, PACK, 2, self.clock.now())
        return made

    async def expect(self, number: int) -> tuple[UUID, UUID]:
        """Patient, enrolment and appointment with one number: their ids."""
        await self.import_patients(patient(number))
        await self.import_bookings(booking(number))
        await self.enrol(number)
        return await self.ids(number)

    async def ids(self, number: int) -> tuple[UUID, UUID]:
        row = await self.row(
            "SELECT appointment_id, patient_id FROM appointments WHERE appointment_ref = $1",
            f"A-{number}",
        )
        return row[0], row[1]

    async def proposal(self, number: int) -> CheckIn:
        appointment_id, patient_id = await self.ids(number)
        return CheckIn(
            event_id=uuid4(),
            site_id=SITE.id,
            appointment_id=appointment_id,
            patient_id=patient_id,
            method=Method.FACE,
            evidence=EvidenceGrade.FACE,
            occurred_at=self.clock.now(),
            camera_id="lobby-1",
            score=0.75,
            threshold=0.67,
            pack_id=PACK,
        )

    def check_ins(self, schedules: ScheduleCache | None = None) -> PostgresCheckIns:
        return PostgresCheckIns(
            self.database.postgres, self.clock, schedules or self.schedules(), *WINDOW, ZONE
        )

    def gallery(self, pack_id: str = PACK) -> PostgresGallery:
        return PostgresGallery(
            self.database.postgres,
            self.database.vault,
            SITE.id,
            pack_id,
            PRESENCE,
        )

    async def appointments(self) -> list[AppointmentRow]:
        return await Listing(self.database.postgres, SITE.id, ZONE).appointments(
            NOW.astimezone(ZONE).date()
        )

    async def listed_check_ins(self) -> list[CheckInRow]:
        return await Listing(self.database.postgres, SITE.id, ZONE).check_ins(
            NOW.astimezone(ZONE).date()
        )

    async def execute(self, statement: str, *values: object) -> None:
        async with self.database.postgres.connection() as connection:
            await connection.execute(statement, *values)

    async def row(self, statement: str, *values: object) -> tuple[Any, ...]:
        async with self.database.postgres.connection() as connection:
            found = await connection.fetchrow(statement, *values)
        assert found is not None
        return tuple(found)

    async def count(self, table: str) -> int:
        async with self.database.postgres.connection() as connection:
            return int(await connection.fetchval(f'SELECT count(*) FROM "{table}"'))

    async def withdraw(self, number: int) -> None:
        await self.execute(
            "UPDATE consents SET status = 'inactive', withdrawn_at = $2 WHERE patient_id = "
            "(SELECT patient_id FROM patients WHERE patient_ref = $1)",
            f"P-{number}",
            self.clock.now(),
        )


def moved(one: Booking, hours: float) -> Booking:
    shift = timedelta(hours=hours)
    return replace(one, starts_at=one.starts_at + shift, ends_at=one.ends_at + shift)
