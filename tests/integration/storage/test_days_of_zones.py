"""The right appointments at every turn of the day, whatever a site's zone and its clocks do."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from streamer.domain.appointment import Appointment
from streamer.domain.booking import Booking
from streamer.storage.appointments_import import AppointmentsImport
from streamer.storage.local_day import LocalDay
from streamer.storage.schedule_source import ScheduleSource
from streamer.storage.schedules import ScheduleCache
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import HOUR, SITE, Clinic, booking, patient
from tests.integration.storage.conftest import MakeLink

MINUTE = timedelta(minutes=1)
CASES = [
    ("Asia/Almaty", date(2026, 11, 23), 24),
    ("Asia/Almaty", date(2024, 2, 29), 25),  # UTC+6 became UTC+5 at the end of this leap day
    ("Asia/Almaty", date(2028, 2, 29), 24),
    ("America/St_Johns", date(2026, 3, 8), 23),  # half an hour off the full hours
    ("America/St_Johns", date(2026, 11, 1), 25),
    ("Asia/Kathmandu", date(2026, 12, 31), 24),  # a quarter of an hour off, and a year ends
    ("Europe/Berlin", date(2026, 3, 29), 23),
    ("Europe/Berlin", date(2026, 10, 25), 25),
    ("Asia/Beirut", date(2026, 3, 29), 23),  # has no midnight
]


class _Counting(ScheduleSource):
    """Counts the questions that somebody waits for."""

    asked = 0

    async def of_site(self, day: LocalDay) -> dict[UUID, list[Appointment]]:
        self.asked += 1
        return await super().of_site(day)

    async def of_patient(self, day: LocalDay, patient_id: UUID) -> tuple[Appointment, ...]:
        self.asked += 1
        return await super().of_patient(day, patient_id)


def _booked(number: int, starts_at: datetime) -> Booking:
    one = replace(booking(number, patient_number=1), starts_at=starts_at)
    return replace(one, ends_at=starts_at + 20 * MINUTE)


async def _book(clinic: Clinic, zone: ZoneInfo, starts: Sequence[datetime]) -> UUID:
    """Book one patient for each of these moments; returns the patient."""
    await clinic.import_patients(patient(1))
    imports = AppointmentsImport(
        clinic.database.postgres,
        SITE.id,
        zone,
        ScheduleCache(clinic.database.postgres, None, SITE.id, zone, clinic.clock),
    )
    await imports.run([_booked(n, start) for n, start in enumerate(starts)], clinic.clock.now())
    return (await clinic.ids(0))[1]


def _schedules(clinic: Clinic, zone: ZoneInfo, clock: FakeClock, *links: object) -> ScheduleCache:
    (link,) = links
    cache = ScheduleCache(clinic.database.postgres, link, SITE.id, zone, clock)  # type: ignore[arg-type]
    cache._source = _Counting(clinic.database.postgres, SITE.id)
    return cache


async def _starts(cache: ScheduleCache, one: UUID, now: datetime) -> list[datetime]:
    return [each.starts_at for each in await cache.appointments_of(one, now)]


@pytest.mark.parametrize(
    ("name", "day", "hours", "with_redis"),
    [*((*case, True) for case in CASES), (*CASES[4], False), (*CASES[1], False)],
)
async def test_a_day_holds_its_own_appointments_and_the_next_is_there_at_midnight(
    clinic: Clinic,
    redis_url: str,
    make_link: MakeLink,
    name: str,
    day: date,
    hours: int,
    with_redis: bool,
) -> None:
    zone = ZoneInfo(name)
    span = LocalDay(day, zone)
    assert span.end - span.start == hours * HOUR
    before = [span.start - 12 * HOUR, span.start - MINUTE]
    within = [span.start, *(span.start + n * HOUR for n in range(1, hours)), span.end - MINUTE]
    after = [span.end, span.end + 12 * HOUR]
    one = await _book(clinic, zone, [*before, *within, *after])
    clock = FakeClock(span.start)
    cache = _schedules(clinic, zone, clock, make_link(redis_url) if with_redis else None)
    for moment in (span.start, span.start + hours * HOUR / 2, span.end - timedelta(seconds=1)):
        clock.advance((moment - clock.now()).total_seconds())
        await cache.refresh()
        assert await _starts(cache, one, clock.now()) == within
    # Nobody has looked since; the first patient of the new day waits for no question.
    counting = cache._source
    assert isinstance(counting, _Counting)
    counting.asked = 0
    clock.advance(1)
    assert clock.now() == span.end
    assert await _starts(cache, one, clock.now()) == after
    # A window that reaches back over midnight finds yesterday's.
    assert await _starts(cache, one, clock.now() - timedelta(hours=1)) == within
    assert counting.asked == 0


@pytest.mark.parametrize("with_redis", [False, True])
async def test_a_clock_an_hour_off_is_right_again_once_it_is_set(
    clinic: Clinic, redis_url: str, make_link: MakeLink, with_redis: bool
) -> None:
    class Set(FakeClock):
        off = timedelta()

        def now(self) -> datetime:
            return super().now() + self.off

    zone = ZoneInfo("Asia/Almaty")
    span = LocalDay(date(2026, 11, 23), zone)
    today, tomorrow = span.start + 9 * HOUR, span.end + 9 * HOUR
    one = await _book(clinic, zone, [today, tomorrow])
    clock = Set(span.end - HOUR / 2)
    cache = _schedules(clinic, zone, clock, make_link(redis_url) if with_redis else None)
    for off, expected in ((0, today), (1, tomorrow), (0, today), (-1, today), (0, today)):
        clock.off = off * HOUR
        for _ in range(2):
            assert await _starts(cache, one, clock.now()) == [expected]
            told = await cache.schedule_of(one, clock.now())
            assert timedelta() <= told.age <= timedelta(minutes=5)
            await cache.refresh()
            clock.advance(1)


@pytest.mark.parametrize(("name", "day", "hours"), [CASES[1], CASES[3], CASES[5], CASES[7]])
async def test_who_is_recognised_around_midnight(
    clinic: Clinic, name: str, day: date, hours: int
) -> None:
    zone = ZoneInfo(name)
    span = LocalDay(day, zone)
    await clinic.import_patients(patient(1), patient(2), patient(3))
    starts = {1: span.start, 2: span.end - HOUR, 3: span.end + 30 * HOUR}
    imports = AppointmentsImport(
        clinic.database.postgres,
        SITE.id,
        zone,
        ScheduleCache(clinic.database.postgres, None, SITE.id, zone, clinic.clock),
    )
    await imports.run(
        [replace(_booked(n, at), patient_ref=f"P-{n}") for n, at in starts.items()],
        clinic.clock.now(),
    )
    for number in starts:
        await clinic.enrol(number)
    ids = {number: (await clinic.ids(number))[0] for number in starts}
    gallery = clinic.gallery()

    async def known(at: datetime) -> set[UUID]:
        return {key.appointment_id for key in await gallery.keys(at)}

    assert ids[1] in await known(span.start)
    assert ids[2] in await known(span.end - HOUR)
    for at in (span.start, span.end - HOUR, span.end):
        assert ids[3] not in await known(at.astimezone(UTC))
    assert ids[1] not in await known(span.end - HOUR)
