"""A clinic in a fresh database, with the few acts the storage tests need."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg
import numpy as np

from config.settings import Database as Limits
from config.settings import Site
from matcher.face import Vector
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.booking import Booking
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method
from streamer.domain.consent import (
    ConsentGiven,
    ConsentPurpose,
    ConsentText,
    IdentityCheck,
    Language,
)
from streamer.domain.patient import Patient
from streamer.domain.presence_window import PresenceWindow, closing_times
from streamer.patients.consent_rules import ConsentRules
from streamer.storage.appointments_import import AppointmentsImport
from streamer.storage.check_ins import PostgresCheckIns
from streamer.storage.consents import PostgresConsents
from streamer.storage.database import Database, open_postgres
from streamer.storage.database_errors import raise_ours
from streamer.storage.database_role import DatabaseRole
from streamer.storage.enrolment import PostgresEnrolment
from streamer.storage.erased_references import ErasedReferences
from streamer.storage.eraser import Eraser
from streamer.storage.gallery_source import PostgresGallery
from streamer.storage.import_result import ImportResult
from streamer.storage.listing import AppointmentRow, CheckInRow, Listing
from streamer.storage.manual_check_ins import ManualCheckIns
from streamer.storage.page_reader import PageReader
from streamer.storage.patients_import import PatientsImport
from streamer.storage.postgres import Postgres
from streamer.storage.presences import PostgresPresences
from streamer.storage.redis_link import RedisLink
from streamer.storage.reviews import PostgresReviews
from streamer.storage.schedules import ScheduleCache
from streamer.storage.waiting_reviews import PostgresWaitingReviews
from tests.fakes.clock import FakeClock
from tests.servers import as_role

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
YEAR = timedelta(days=365)
BACKUPS = timedelta(days=30)
CHECK_IN = ConsentPurpose.CHECK_IN
LISTER = Actor("lister")
RULES = ConsentRules(365, 14, ZONE)


def patient(number: int) -> Patient:
    return Patient(f"P-{number}", f"Full Name {number}", birth_date=date(1990, 1, 1))


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


def consent(
    patient_ref: str,
    document_ref: str = "C-1",
    purpose: ConsentPurpose = CHECK_IN,
    given_at: datetime = NOW,
    term: timedelta = YEAR,
    guardian_ref: str | None = None,
) -> ConsentGiven:
    return ConsentGiven(
        patient_ref=patient_ref,
        purpose=purpose,
        document_ref=document_ref,
        given_at=given_at,
        expires_at=given_at + term,
        identity_check=IdentityCheck.ID_DOCUMENT,
        guardian_ref=guardian_ref,
    )


def text(purpose: ConsentPurpose = CHECK_IN, body: str = "What was read.") -> ConsentText:
    return ConsentText(purpose, 1, Language.KK, body)


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

    async def import_patients(self, *patients: Patient, by: Actor = SERVICE) -> ImportResult:
        database = self.database
        imports = PatientsImport(
            database.postgres, database.vault, database.keyed_hash, SITE.id, self.eraser()
        )
        return await imports.run(patients, self.clock.now(), by)

    async def import_bookings(
        self, *bookings: Booking, schedules: ScheduleCache | None = None, by: Actor = SERVICE
    ) -> ImportResult:
        imports = AppointmentsImport(
            self.database.postgres,
            SITE.id,
            ZONE,
            schedules or self.schedules(),
            ErasedReferences(self.database.keyed_hash, SITE.id),
        )
        return await imports.run(bookings, self.clock.now(), by)

    def eraser(self) -> Eraser:
        return Eraser(self.database.vault, SITE.id, BACKUPS)

    def consents(self) -> PostgresConsents:
        database = self.database
        return PostgresConsents(database.postgres, database.vault, SITE.id, RULES, self.eraser())

    def enrolments(self) -> PostgresEnrolment:
        return PostgresEnrolment(self.database.postgres, self.database.vault, SITE.id, RULES)

    async def consent(self, given: ConsentGiven, by: Actor = SERVICE) -> bool:
        """Record a consent, unless it is there."""
        read = text(given.purpose)
        return await self.consents().record(given, read, by, self.clock.now())

    async def enrol(self, number: int, consent_ref: str = "C-1") -> Vector:
        ref, made = f"P-{number}", vector(number)
        await self.consent(consent(ref, consent_ref, given_at=self.clock.now()))
        await self.enrolments().save(ref, consent_ref, made, PACK, 2, self.clock.now(), by=SERVICE)
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

    def presences(self) -> PostgresPresences:
        return PostgresPresences(self.database.postgres, self.clock, ZONE)

    def waiting_reviews(self) -> PostgresWaitingReviews:
        return PostgresWaitingReviews(self.database.postgres, SITE.id, ZONE)

    def reviews(self, check_ins: PostgresCheckIns | None = None) -> PostgresReviews:
        return PostgresReviews(
            self.database.postgres,
            check_ins or self.check_ins(),
            self.presences(),
            SITE.id,
            ZONE,
            self.clock,
        )

    def by_hand(self, check_ins: PostgresCheckIns | None = None) -> ManualCheckIns:
        return ManualCheckIns(
            self.database.postgres,
            check_ins or self.check_ins(),
            self.presences(),
            self.waiting_reviews(),
            self.clock,
            (SITE.id, ZONE),
            PRESENCE,
            3,
        )

    def gallery(self, pack_id: str = PACK) -> PostgresGallery:
        return PostgresGallery(
            self.database.postgres,
            self.database.vault,
            SITE.id,
            pack_id,
            PRESENCE,
        )

    @property
    def pages(self) -> PageReader:
        return PageReader(self.database.postgres, (SITE.id, ZONE), self.clock)

    @property
    def listing(self) -> Listing:
        return Listing(self.pages)

    async def appointments(self) -> list[AppointmentRow]:
        return await self.listing.appointments(NOW.astimezone(ZONE).date(), LISTER)

    async def listed_check_ins(self) -> list[CheckInRow]:
        return await self.listing.check_ins(NOW.astimezone(ZONE).date(), LISTER)

    async def execute(self, statement: str, *values: object) -> None:
        """Prepare what the service itself may not, as the owner, on a connection of its own."""
        async with self.as_owner() as connection:
            await connection.execute(statement, *values)

    @asynccontextmanager
    async def as_owner(self) -> AsyncIterator[Any]:
        """Connect as the owner, who sees everything in the tests' databases."""
        postgres = self.database.postgres
        with raise_ours(postgres.place):
            connection = await asyncpg.connect(
                as_role(postgres._url, DatabaseRole.OWNER), server_settings={"kirdi.site": SITE.id}
            )
            try:
                yield connection
            finally:
                await connection.close()

    @asynccontextmanager
    async def as_retention(self) -> AsyncIterator[Postgres]:
        """Open a pool as the role that deletes what has a term."""
        url = as_role(self.database.postgres._url, DatabaseRole.RETENTION)
        async with open_postgres(url, Limits(), SITE, DatabaseRole.RETENTION) as postgres:
            yield postgres

    async def row(self, statement: str, *values: object) -> tuple[Any, ...]:
        async with self.database.postgres.connection() as connection:
            found = await connection.fetchrow(statement, *values)
        assert found is not None
        return tuple(found)

    async def row_as_owner(self, statement: str, *values: object) -> tuple[Any, ...]:
        async with self.as_owner() as connection:
            return tuple(await connection.fetchrow(statement, *values))

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
