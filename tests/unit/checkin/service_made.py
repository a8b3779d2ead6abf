"""The check-in service over stores in memory."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from streamer.checkin.decision import ArrivalPolicy, AutoArrive
from streamer.checkin.service import CheckInService, Looking, Sighting
from streamer.checkin.visits import ScheduleReader
from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.domain.check_in import CheckIn, Recorded
from streamer.domain.presence import Presence
from streamer.errors import DatabaseError
from tests.fakes.clock import FakeClock
from tests.fakes.looking import identity, looking

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
POLICY = ArrivalPolicy(timedelta(minutes=120), timedelta(minutes=30), AutoArrive.ALWAYS)
PATIENT = uuid4()
SEEN = identity((PATIENT, 4.8))


def appointment(status: str = "booked") -> Appointment:
    return Appointment(
        uuid4(),
        PATIENT,
        NOW,
        NOW + timedelta(minutes=20),
        AppointmentStatus(status),
        Place.SITE,
        None,
    )


class Schedules:
    def __init__(self, cached: list[Appointment], stored: list[Appointment]) -> None:
        self.cached, self.stored = cached, stored
        self.refreshed = 0
        self.asked: list[datetime] = []

    async def appointments_of(
        self, patient_id: UUID, now: datetime, refresh: bool = False
    ) -> Sequence[Appointment]:
        assert patient_id == PATIENT
        self.asked.append(now)
        self.refreshed += refresh
        return [
            one
            for one in (self.stored if refresh else self.cached)
            if one.starts_at.date() == now.date()
        ]


class Presences:
    """Keeps what is recorded, once each."""

    def __init__(self) -> None:
        self.kept: dict[UUID, Presence] = {}
        self.away = False

    async def record(self, presence: Presence) -> Recorded:
        if self.away:
            raise DatabaseError("database: away")
        if self.kept.setdefault(presence.presence_id, presence) is presence:
            return Recorded.WRITTEN
        return Recorded.DUPLICATE


class Accepted:
    def __init__(self) -> None:
        self.check_ins: list[CheckIn] = []
        self.first = asyncio.Event()

    async def accept(self, check_in: CheckIn) -> bool:
        self.check_ins.append(check_in)
        self.first.set()
        return True


def made(
    schedules: ScheduleReader,
    accepted: Accepted,
    waiting: Looking | None = None,
    clock: FakeClock | None = None,
    policy: ArrivalPolicy = POLICY,
) -> CheckInService:
    return CheckInService(
        "site-1",
        schedules,
        accepted,
        Presences(),
        policy,
        waiting or looking(),
        clock or FakeClock(),
    )


async def propose(
    schedules: Schedules, policy: ArrivalPolicy = POLICY, waiting: Looking | None = None
) -> tuple[object, Accepted]:
    accepted = Accepted()
    service = made(schedules, accepted, waiting, policy=policy)
    return await service.decide(SEEN, Sighting("main", NOW)), accepted
