"""Which earlier sighting serves an appointment that was booked since, and how it is handed over."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from streamer.checkin.afterwards import NOTE, arrival_afterwards
from streamer.checkin.day_watch import DayWatch
from streamer.checkin.decision import ArrivalPolicy, AutoArrive
from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method
from streamer.domain.late_booking import EarlierSighting, LateBooking
from streamer.domain.undone import Undone
from streamer.errors import DatabaseError
from tests.fakes.clock import FakeClock

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
POLICY = ArrivalPolicy(timedelta(minutes=120), timedelta(minutes=30), AutoArrive.ALWAYS)
PRACTITIONERS = {"askar": "D-1", "asel": "D-2"}


def sighting(
    minutes: float = 0, building: str | None = "main", decided_by: str | None = None
) -> EarlierSighting:
    return EarlierSighting(
        uuid4(),
        NOW + timedelta(minutes=minutes),
        building,
        Method.FACE,
        EvidenceGrade.FACE,
        "lobby-1",
        None,
        4.5,
        4.0,
        "open-1",
        decided_by,
    )


def booked(*sightings: EarlierSighting, building: str | None = None) -> LateBooking:
    """It begins in an hour, with the practitioner D-1."""
    starts = NOW + timedelta(minutes=60)
    visit = Appointment(
        uuid4(),
        uuid4(),
        starts,
        starts + timedelta(minutes=20),
        AppointmentStatus.BOOKED,
        Place.SITE,
        building,
    )
    return LateBooking(visit, "D-1", sightings)


def arrival(booking: LateBooking) -> CheckIn | None:
    return arrival_afterwards(booking, POLICY, PRACTITIONERS, "site-1")


@pytest.mark.parametrize(
    ("name", "seen", "building", "serves"),
    [
        ("in the window", sighting(), None, True),
        ("as the window opens", sighting(-60), None, True),
        ("before the window", sighting(-61), None, False),
        ("as the window closes", sighting(90), None, False),
        ("in its building", sighting(), "main", True),
        ("in another building", sighting(), "annex", False),
        ("nobody knows where", sighting(building=None), "main", False),
        ("nobody knows where, and any will do", sighting(building=None), None, True),
        ("looked at by reception", sighting(decided_by="aigul"), None, True),
        ("looked at by its practitioner", sighting(decided_by="askar"), None, False),
        ("on its practitioner's behalf", sighting(decided_by="askar (through r)"), None, False),
        ("through its practitioner", sighting(decided_by="aigul (through askar)"), None, False),
        ("looked at by another practitioner", sighting(decided_by="asel"), None, True),
        ("by who is only called alike", sighting(decided_by="askar2"), None, True),
    ],
)
def test_one_sighting(name: str, seen: EarlierSighting, building: str | None, serves: bool) -> None:
    booking = booked(seen, building=building)
    found = arrival(booking)
    assert (found is not None) == serves, name
    if found is not None:
        assert (found.occurred_at, found.score) == (seen.occurred_at, 4.5)
        assert (found.note, found.decided_by) == (NOTE, seen.decided_by)
        assert found.appointment_id == booking.appointment.appointment_id


def test_the_earliest_that_fits_is_the_event_and_stays_it() -> None:
    early, first, second = sighting(-70), sighting(-20), sighting(-10)
    booking = booked(second, first, early)
    found = arrival(booking)
    assert found is not None
    assert found.occurred_at == first.occurred_at
    assert arrival(replace(booking, sightings=(early, first))) == found
    assert arrival(booked()) is None


class Facts:
    def __init__(self, *bookings: LateBooking) -> None:
        self.bookings = bookings
        self.away = False
        self.asked = 0

    async def undone(self, now: datetime) -> Undone:
        if self.away:
            raise DatabaseError("database: away")
        return Undone(blocked=frozenset({(UUID(int=1), now.date())}))

    async def late_bookings(self, now: datetime) -> Sequence[LateBooking]:
        self.asked += 1
        return self.bookings


class Accepted:
    def __init__(self) -> None:
        self.check_ins: list[CheckIn] = []
        self.first = asyncio.Event()

    async def accept(self, check_in: CheckIn) -> bool:
        self.check_ins.append(check_in)
        self.first.set()
        return True


def watch(facts: Facts, accepted: Accepted) -> DayWatch:
    return DayWatch(facts, accepted, POLICY, PRACTITIONERS, "site-1", FakeClock(NOW))


async def test_what_is_found_is_handed_over_once_even_if_refused() -> None:
    facts, accepted = Facts(booked(sighting()), booked(sighting(-100))), Accepted()
    day = watch(facts, accepted)
    for _ in range(3):
        await day.look_back()
    assert len(accepted.check_ins) == 1
    # Gone, and there again: taken back and booked anew, perhaps.
    bookings, facts.bookings = facts.bookings, ()
    await day.look_back()
    facts.bookings = bookings
    await day.look_back()
    assert len({one.event_id for one in accepted.check_ins}) == 1
    assert len(accepted.check_ins) == 2


async def test_it_outlives_a_database_that_is_away_and_ends_when_told() -> None:
    facts, accepted, stop = Facts(booked(sighting())), Accepted(), asyncio.Event()
    facts.away = True
    day = watch(facts, accepted)
    running = asyncio.create_task(day.run(stop))
    for _ in range(20):
        await asyncio.sleep(0)
    assert day.current == Undone()
    assert not running.done()
    facts.away = False
    await asyncio.wait_for(accepted.first.wait(), 5)
    assert day.current.blocks(UUID(int=1), NOW, UTC)
    stop.set()
    await asyncio.wait_for(running, 5)


async def test_a_change_of_the_schedule_is_looked_at_a_second_later() -> None:
    """And not with every message: a burst of them is one question."""

    class Seconds(FakeClock):
        """Each pause ends when the test says so."""

        def __init__(self) -> None:
            super().__init__(NOW)
            self.ticks: asyncio.Queue[None] = asyncio.Queue()

        async def sleep(self, seconds: float, stop: asyncio.Event) -> bool:
            await self.ticks.get()
            return await super().sleep(seconds, stop)

    facts, accepted, stop, clock = Facts(), Accepted(), asyncio.Event(), Seconds()
    day = DayWatch(facts, accepted, POLICY, {}, "site-1", clock)
    running = asyncio.create_task(day.run(stop))
    for _ in range(20):
        await asyncio.sleep(0)
    assert facts.asked == 1
    facts.bookings = (booked(sighting()),)
    for _ in range(100):
        day.wake()
    clock.ticks.put_nowait(None)
    await asyncio.wait_for(accepted.first.wait(), 5)
    assert facts.asked == 2
    stop.set()
    clock.ticks.put_nowait(None)
    await asyncio.wait_for(running, 5)
