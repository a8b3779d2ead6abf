import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

import pytest
import redis
from redis.asyncio import Redis
from structlog.testing import capture_logs

from streamer.domain.appointment import Appointment, AppointmentStatus
from streamer.domain.cache_report import CacheReport, CacheState
from streamer.domain.check_in import Recorded
from streamer.errors import CacheError
from streamer.storage.local_day import LocalDay
from streamer.storage.redis_link import RedisLink
from streamer.storage.schedule_source import ScheduleSource
from streamer.storage.schedules import ScheduleCache
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import HOUR, NOW, SITE, ZONE, Clinic, booking, moved, patient
from tests.integration.storage.conftest import MakeLink
from tests.integration.storage.own_redis import OwnRedis

Answer = TypeVar("Answer")
DAY_KEY = "kirdi:schedule:v2:{test-1:2026-11-23}:day"
VERSION_KEY = "kirdi:schedule:v2:{test-1:2026-11-23}:version"


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path)
    server.start()
    yield server
    server.kill()


async def _three(clinic: Clinic) -> UUID:
    """Two appointments of P-1 and one of P-2 today, one of P-1 tomorrow."""
    await clinic.import_patients(patient(1), patient(2), patient(3))
    await clinic.import_bookings(
        moved(booking(2, patient_number=1), 2),
        booking(1),
        booking(3, patient_number=2),
        moved(booking(4, patient_number=1), 24),
    )
    return (await clinic.ids(1))[1]


def _hours(appointments: object) -> list[int]:
    assert isinstance(appointments, tuple | list)
    return [one.starts_at.hour for one in appointments]


async def _cancel_behind_the_back(clinic: Clinic) -> None:
    await clinic.execute("UPDATE appointments SET status = 'cancelled'")


async def test_through_redis_and_without_it_the_same(
    clinic: Clinic, any_redis_url: str, make_link: MakeLink
) -> None:
    one = await _three(clinic)
    plain, cached = clinic.schedules(), clinic.schedules(make_link(any_redis_url))
    for patient_id in (one, (await clinic.ids(3))[1], uuid4()):
        expected = await plain.appointments_of(patient_id, NOW)
        assert await cached.appointments_of(patient_id, NOW) == expected
        assert await cached.appointments_of(patient_id, NOW) == expected
    assert _hours(await cached.appointments_of(one, NOW)) == [5, 7]
    assert _hours(await cached.appointments_of(one, NOW + 24 * HOUR)) == [5]


async def test_it_is_the_cache_that_answers(
    clinic: Clinic, redis_url: str, make_link: MakeLink
) -> None:
    one = await _three(clinic)
    cached = clinic.schedules(make_link(redis_url))
    await cached.appointments_of(one, NOW)
    await _cancel_behind_the_back(clinic)
    statuses = {each.status for each in await cached.appointments_of(one, NOW)}
    assert statuses == {AppointmentStatus.BOOKED}
    statuses = {each.status for each in await cached.appointments_of(one, NOW, refresh=True)}
    assert statuses == {AppointmentStatus.CANCELLED}
    statuses = {each.status for each in await cached.appointments_of(one, NOW)}
    assert statuses == {AppointmentStatus.CANCELLED}, "a refresh corrects the cache"


async def test_only_opaque_ids_and_a_term_past_midnight(
    clinic: Clinic, redis_url: str, make_link: MakeLink
) -> None:
    one = await _three(clinic)
    await clinic.schedules(make_link(redis_url)).appointments_of(one, NOW)
    with redis.Redis.from_url(redis_url) as client:
        assert sorted(client.keys()) == [DAY_KEY.encode(), VERSION_KEY.encode()]
        held = repr(client.hgetall(DAY_KEY))
        for clear in ("P-1", "A-1", "D-1", "Full Name", "Dr One", "Consultation"):
            assert clear not in held
        left = timedelta(milliseconds=client.pttl(DAY_KEY))
        midnight = LocalDay.containing(NOW, ZONE).end - NOW
        kept = midnight + timedelta(hours=26)
        assert kept - timedelta(seconds=5) < left <= kept + timedelta(seconds=300)
        assert timedelta(milliseconds=client.pttl(VERSION_KEY)) > left


async def test_imports_and_check_ins_are_seen_at_once(
    clinic: Clinic, redis_url: str, make_link: MakeLink
) -> None:
    await clinic.expect(1)
    schedules, importer = (clinic.schedules(make_link(redis_url)) for _ in range(2))
    one = (await clinic.ids(1))[1]
    assert _hours(await schedules.appointments_of(one, NOW)) == [5]
    await clinic.import_bookings(moved(booking(1), 1), schedules=importer)
    assert _hours(await schedules.appointments_of(one, NOW)) == [6]
    check_ins = clinic.check_ins(importer)
    assert await check_ins.record(await clinic.proposal(1)) is Recorded.WRITTEN
    (found,) = await schedules.appointments_of(one, NOW)
    assert found.status is AppointmentStatus.ARRIVED
    with redis.Redis.from_url(redis_url) as client:
        assert client.hget(DAY_KEY, str(one)) != b"?", "what was asked for is remembered"


class _Slow(ScheduleSource):
    """Stops between reading the database and writing the cache."""

    def __init__(self, clinic: Clinic) -> None:
        super().__init__(clinic.database.postgres, SITE.id)
        self.has_read, self.may_write = asyncio.Event(), asyncio.Event()

    async def of_site(self, day: LocalDay) -> dict[UUID, list[Appointment]]:
        found = await super().of_site(day)
        self.has_read.set()
        await self.may_write.wait()
        return found

    async def of_patient(self, day: LocalDay, patient_id: UUID) -> tuple[Appointment, ...]:
        found = await super().of_patient(day, patient_id)
        self.has_read.set()
        await self.may_write.wait()
        return found


class _Cut(RedisLink):
    """A network that can be cut while Redis keeps what it has."""

    cut = False

    async def call(self, work: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        if self.cut:
            raise CacheError("redis: cut")
        return await super().call(work)


class _Counting(RedisLink):
    """Counts how often Redis is waited for."""

    asked = 0

    async def _ask(self, work: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        self.asked += 1
        return await super()._ask(work)


@pytest.mark.parametrize("change", ["import", "check-in"])
async def test_what_redis_could_not_be_told_is_told_before_it_is_believed(
    clinic: Clinic, redis_url: str, change: str
) -> None:
    await clinic.expect(1)
    one = (await clinic.ids(1))[1]
    link = _Cut(redis_url, 0.25, FakeClock(NOW))
    schedules = clinic.schedules(link)
    await schedules.appointments_of(one, NOW)
    link.cut = True
    if change == "import":
        arrived = replace(booking(1), status=AppointmentStatus.ARRIVED)
        await clinic.import_bookings(arrived, schedules=schedules)
    else:
        await clinic.check_ins(schedules).record(await clinic.proposal(1))
    link.cut = False
    (found,) = await schedules.appointments_of(one, NOW)
    assert found.status is AppointmentStatus.ARRIVED
    await link.close()


@pytest.mark.parametrize("refresh", [False, True])
@pytest.mark.parametrize("change", ["import", "check-in", "flush"])
async def test_a_fill_that_raced_with_a_change_is_not_kept(
    clinic: Clinic, redis_url: str, make_link: MakeLink, refresh: bool, change: str
) -> None:
    await clinic.expect(1)
    one = (await clinic.ids(1))[1]
    other = clinic.schedules(make_link(redis_url))
    if refresh:
        await other.appointments_of(one, NOW)
    slow, cache = _Slow(clinic), clinic.schedules(make_link(redis_url))
    cache._source = slow
    filling = asyncio.create_task(cache.appointments_of(one, NOW, refresh=refresh))
    await slow.has_read.wait()
    if change == "check-in":
        await clinic.check_ins(other).record(await clinic.proposal(1))
    else:
        await clinic.import_bookings(
            replace(booking(1), status=AppointmentStatus.ARRIVED), schedules=other
        )
    if change == "flush":
        with redis.Redis.from_url(redis_url) as client:
            client.flushall()
    slow.may_write.set()
    (stale,) = await filling
    assert stale.status is AppointmentStatus.BOOKED, "it had read before the change"
    (found,) = await other.appointments_of(one, NOW)
    assert found.status is AppointmentStatus.ARRIVED


async def test_many_readers_fill_once(clinic: Clinic, redis_url: str, make_link: MakeLink) -> None:
    one = await _three(clinic)
    reads = 0

    class Counting(ScheduleSource):
        async def of_site(self, day: LocalDay) -> dict[UUID, list[Appointment]]:
            nonlocal reads
            reads += 1
            return await super().of_site(day)

    cache = clinic.schedules(make_link(redis_url))
    cache._source = Counting(clinic.database.postgres, SITE.id)
    found = await asyncio.gather(*(cache.appointments_of(one, NOW) for _ in range(20)))
    assert [_hours(each) for each in found] == [[5, 7]] * 20
    assert reads == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda client, one: client.hset(DAY_KEY, str(one), b"\x80\x04garbage"),
        lambda client, one: client.hset(DAY_KEY, str(one), b'[["x"]]'),
        lambda client, one: client.hset(DAY_KEY, str(one), client.hget(DAY_KEY, str(one))[:-9]),
        lambda client, one: client.hdel(DAY_KEY, "complete"),
        lambda client, one: client.delete(DAY_KEY, VERSION_KEY),
        lambda client, one: client.flushall(),
        lambda client, one: client.set(DAY_KEY, b"another type"),
        lambda client, one: (client.delete(VERSION_KEY), client.lpush(VERSION_KEY, "x")),
        lambda client, one: (
            client.set(DAY_KEY, "x"),
            client.delete(VERSION_KEY),
            client.lpush(VERSION_KEY, "x"),
        ),
    ],
)
async def test_garbage_in_redis_is_a_miss(
    clinic: Clinic, redis_url: str, make_link: MakeLink, damage: object
) -> None:
    assert callable(damage)
    one = await _three(clinic)
    cached = clinic.schedules(make_link(redis_url))
    await cached.appointments_of(one, NOW)
    with redis.Redis.from_url(redis_url) as client:
        damage(client, one)
        for _ in range(2):
            assert _hours(await cached.appointments_of(one, NOW)) == [5, 7]
        await cached.invalidate_patient(one, NOW)
        assert _hours(await cached.appointments_of(one, NOW)) == [5, 7]
        assert client.hget(DAY_KEY, "complete") == NOW.isoformat().encode(), "and is repaired"


async def test_redis_killed_and_back(
    clinic: Clinic, own_redis: OwnRedis, make_link: MakeLink
) -> None:
    one = await _three(clinic)
    link = make_link(own_redis.url)
    clock = link._clock
    assert isinstance(clock, FakeClock)
    cached = clinic.schedules(link)
    with capture_logs() as logs:
        await cached.appointments_of(one, NOW)
        own_redis.kill()
        for _ in range(20):
            assert _hours(await cached.appointments_of(one, NOW)) == [5, 7]
        # Changed while nobody can be told.
        await clinic.import_bookings(moved(booking(1), 1), schedules=cached)
        assert _hours(await cached.appointments_of(one, NOW)) == [6, 7]
        clock.advance(6)
        await link.look_again()
        assert link.report.since == NOW
        own_redis.start()
        clock.advance(4)
        await link.look_again()
        assert link.report.state is CacheState.AWAY, "too soon to look again"
        clock.advance(2)
        await link.look_again()
        assert link.report == CacheReport(CacheState.OK)
        assert _hours(await cached.appointments_of(one, NOW)) == [6, 7]
    events = [entry["event"] for entry in logs if "redis" in entry["event"]]
    assert events == ["redis away, reading from the database", "redis is back"]
    with redis.Redis.from_url(own_redis.url) as client:
        assert client.exists(DAY_KEY)


async def test_redis_frozen_costs_one_decision_its_time_out(
    clinic: Clinic, own_redis: OwnRedis
) -> None:
    one = await _three(clinic)
    clock = FakeClock(NOW)
    link = _Counting(own_redis.url, 0.25, clock)
    cached = clinic.schedules(link)
    await cached.appointments_of(one, NOW)
    own_redis.freeze()
    asked = link.asked
    try:
        # What Redis remembers is wrong from here on.
        await clinic.import_bookings(moved(booking(1), 1), schedules=cached)
        for _ in range(50):
            assert _hours(await cached.appointments_of(one, NOW)) == [6, 7]
            # However long it takes: decisions never look whether it is back.
            clock.advance(6)
        assert link.asked == asked + 1
        await cached.refresh()
        assert link.asked == asked + 2, "what keeps the schedule looks, once"
        assert link.report.since == NOW
        assert "does not answer in time" in link.report.reason
    finally:
        own_redis.thaw()
    clock.advance(6)
    await cached.refresh()
    assert link.report.state is CacheState.OK
    for _ in range(2):
        assert _hours(await cached.appointments_of(one, NOW)) == [6, 7]
    await link.close()


async def test_a_wrong_password_costs_speed_only(
    clinic: Clinic, tmp_path: Path, make_link: MakeLink
) -> None:
    one = await _three(clinic)
    server = OwnRedis(tmp_path)
    server.start("--requirepass", "s3cr3t")
    try:
        with capture_logs() as logs:
            cached = clinic.schedules(make_link(server.url.replace("unix://", "unix://:wr0ng@")))
            await cached.invalidate([NOW.date()])
            assert _hours(await cached.appointments_of(one, NOW)) == [5, 7]
            with pytest.raises(CacheError, match="redis:"):
                await make_link(server.url).call(lambda client: client.get("x"))
        assert "refuses the user or the password" in logs[0]["reason"]
        assert "wr0ng" not in repr(logs)
    finally:
        server.kill()


def test_a_url_that_is_none_is_not_repeated() -> None:
    with pytest.raises(CacheError, match=r"redis\.url: cannot be used") as caught:
        RedisLink("redis://:s3cr3t@host:port/0", 0.25, FakeClock())
    assert "s3cr3t" not in str(caught.value)


async def test_after_any_interleaving_cache_and_database_agree(
    clinic: Clinic, redis_url: str, make_link: MakeLink
) -> None:
    seeded = random.Random(7)
    numbers = range(8)
    await clinic.import_patients(*(patient(number) for number in numbers))
    await clinic.import_bookings(*(booking(number) for number in numbers))
    ids = [(await clinic.ids(number))[1] for number in numbers]
    caches = [clinic.schedules(make_link(redis_url)) for _ in range(3)]

    async def act(cache: ScheduleCache) -> None:
        for _ in range(40):
            number = seeded.choice(numbers)
            kind = seeded.random()
            if kind < 0.2:
                room = str(seeded.randrange(10))
                shift = seeded.randrange(5)
                changed = replace(moved(booking(number), shift), room=room)
                await clinic.import_bookings(changed, schedules=cache)
            elif kind < 0.3:
                await cache.invalidate_patient(ids[number], NOW)
            else:
                await cache.appointments_of(ids[number], NOW, refresh=kind < 0.4)

    await asyncio.gather(*(act(cache) for cache in caches))
    plain = clinic.schedules()
    for patient_id in ids:
        expected = await plain.appointments_of(patient_id, NOW)
        for cache in caches:
            assert await cache.appointments_of(patient_id, NOW) == expected
