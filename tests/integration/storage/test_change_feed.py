"""What is told of a change, and that gallery and schedule follow whoever makes it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import redis
from structlog.testing import capture_logs

from config.settings import Database as Limits
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.change import Change
from streamer.errors import DatabaseError
from streamer.storage.change_feed import LOOK, ChangeFeed
from streamer.storage.postgres import Postgres
from tests.fakes.clock import FakeClock, ShiftedClock
from tests.integration.storage.clinic import NOW, SITE, Clinic, booking, moved
from tests.integration.storage.conftest import MakeLink
from tests.integration.storage.following import Following
from tests.integration.storage.own_redis import OwnRedis

NEVER_S = 60.0
"""A poll that does not come while a test runs."""


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.mark.parametrize("with_redis", [True, False])
async def test_a_poll_follows_what_nobody_tells(
    clinic: Clinic, redis_url: str, make_link: MakeLink, with_redis: bool
) -> None:
    await clinic.expect(1)
    one = (await clinic.ids(1))[1]
    link = make_link(redis_url) if with_redis else None
    async with Following(clinic, link, with_feed=False) as following:
        assert [each.starts_at.hour for each in await following.appointments(one)] == [5]
        await clinic.execute("UPDATE appointments SET starts_at = starts_at + interval '30 min'")
        await following.until(
            lambda: following.schedules._held[NOW.date()].patients[one][0].starts_at.minute == 30
        )
        (found,) = await following.appointments(one)
        assert found.starts_at.minute == 30
        await clinic.withdraw(1)
        await following.until(lambda: not following.people)


async def test_a_burst_is_told_once(clinic: Clinic) -> None:
    async with Following(clinic, None, NEVER_S) as following:
        following.told.clear()
        await clinic.execute(
            "SELECT pg_notify('kirdi_changes', json_build_object('site', 'test-1', 'what', "
            "'schedule', 'patients', json_build_array(gen_random_uuid()))::text) "
            "FROM generate_series(1, 10000)"
        )
        await following.until(lambda: bool(following.told))
        await asyncio.sleep(0.5)
        assert len(following.told) <= 3
        assert Change(None) in following.told


async def _cut_listeners(clinic: Clinic) -> None:
    async with clinic.database.postgres.connection() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'kirdi changes' AND datname = current_database()"
        )


async def test_a_cut_connection_is_made_again_and_missed_nothing(clinic: Clinic) -> None:
    await clinic.expect(1)
    one = (await clinic.ids(1))[1]
    with capture_logs() as logs:
        async with Following(clinic, None, NEVER_S) as following:
            for hour in (6, 7):
                following.told.clear()
                await _cut_listeners(clinic)
                await following.until(lambda: not following.feed.listening)
                # Nobody hears this; after the cut everything may have changed.
                await clinic.execute(
                    "UPDATE appointments SET starts_at = starts_at + interval '1 h', "
                    "ends_at = ends_at + interval '1 h'"
                )
                await following.until(lambda: LOOK in following.told)
                await following.until_hours(one, [hour])
    outages = [entry for entry in logs if entry["event"].startswith("changes not heard")]
    assert len(outages) == 2
    assert len([entry for entry in logs if entry["event"] == "hearing of changes"]) == 3


async def test_an_outage_is_told_of_once_and_waited_for_longer_and_longer() -> None:
    clock, stop = FakeClock(NOW), asyncio.Event()
    waits: list[float] = []

    class Counting(FakeClock):
        async def sleep(self, seconds: float, stop: asyncio.Event) -> bool:
            waits.append(seconds)
            if len(waits) == 8:
                stop.set()
            return await super().sleep(seconds, stop)

    nobody = Postgres("postgresql://kirdi:s3cr3t@127.0.0.1:1/none", Limits(connect_timeout_s=1))
    told: list[Change] = []
    with capture_logs() as logs:
        await ChangeFeed(nobody, SITE.id, told.append, Counting(clock.now())).run(stop)
    assert told == []
    assert len(logs) == 1
    assert "s3cr3t" not in repr(logs)
    bounds = (1, 2, 4, 8, 10, 10, 10, 10)
    assert all(0.5 * most <= wait <= most for wait, most in zip(waits, bounds, strict=True))


async def test_the_end_cuts_every_wait_short(clinic: Clinic) -> None:
    for postgres in (
        clinic.database.postgres,
        Postgres("postgresql://kirdi@127.0.0.1:1/none", Limits(connect_timeout_s=1)),
    ):
        stop = asyncio.Event()
        feed = ChangeFeed(postgres, SITE.id, lambda _change: None, ShiftedClock(NOW))
        running = asyncio.create_task(feed.run(stop))
        await asyncio.sleep(0.2)
        stop.set()
        await asyncio.wait_for(running, 20)


async def test_a_silent_connection_is_noticed_by_the_probe(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    probes = 0

    class Silent:
        def add_termination_listener(self, _callback: object) -> None: ...

        async def add_listener(self, _channel: str, _callback: object) -> None: ...

        async def fetchval(self, _statement: str) -> int:
            nonlocal probes
            probes += 1
            if probes == 3:
                raise TimeoutError
            return 1

        async def close(self, **_limits: float) -> None: ...

    async def connect(*_args: object, **_kwargs: object) -> Silent:
        return Silent()

    monkeypatch.setattr(asyncpg, "connect", connect)
    stop = asyncio.Event()

    class Ending(FakeClock):
        async def sleep(self, seconds: float, stop: asyncio.Event) -> bool:
            if seconds < 10:  # a pause between two tries, and not one between two probes
                stop.set()
            return await super().sleep(seconds, stop)

    feed = ChangeFeed(clinic.database.postgres, SITE.id, lambda _change: None, Ending(NOW))
    with capture_logs() as logs:
        await feed.run(stop)
    assert probes == 3
    assert "did not answer in time" in logs[-1]["reason"]


async def test_redis_flushed_stopped_and_back(
    clinic: Clinic, own_redis: OwnRedis, make_link: MakeLink
) -> None:
    await clinic.expect(1)
    one = (await clinic.ids(1))[1]
    link = make_link(own_redis.url)
    async with Following(clinic, link) as following:
        link._clock = following.clock
        with redis.Redis.from_url(own_redis.url) as client:
            client.flushall()
            await following.until(lambda: int(client.dbsize()) == 6)
            await following.until_hours(one, [5])
        own_redis.kill()
        await clinic.import_bookings(moved(booking(1), 1))
        await following.until_hours(one, [6])
        await clinic.withdraw(1)
        await following.until(lambda: not following.people)
        own_redis.start()
        await following.until_hours(one, [6])
        await clinic.import_bookings(moved(booking(1), 2))
        await following.until_hours(one, [7])


async def test_an_old_snapshot_of_redis_is_written_over(
    clinic: Clinic, redis_url: str, make_link: MakeLink
) -> None:
    await clinic.expect(1)
    one = (await clinic.ids(1))[1]
    async with Following(clinic, make_link(redis_url), with_feed=False) as following:
        with redis.Redis.from_url(redis_url) as client:
            keys = client.keys()
            assert isinstance(keys, list)
            old = {key: client.dump(key) for key in keys}
            await clinic.import_bookings(moved(booking(1), 1))
            await following.until_hours(one, [6])
            for key, value in old.items():
                assert isinstance(value, bytes)
                client.restore(key, 0, value, replace=True)
            await following.until_hours(one, [6])
            key = f"kirdi:schedule:v2:{{{SITE.id}:2026-11-23}}:day"
            field = str(one)

            def healed() -> bool:
                held = client.hget(key, field)
                return isinstance(held, bytes) and b"T06:" in held

            await following.until(healed)


async def test_while_postgresql_is_away_the_last_copy_is_told_with_its_age(
    clinic: Clinic, redis_url: str, make_link: MakeLink
) -> None:
    await clinic.expect(1)
    await clinic.expect(2)
    one, other = (await clinic.ids(1))[1], (await clinic.ids(2))[1]
    clock = FakeClock(NOW)
    for link in (None, make_link(redis_url)):
        schedules = clinic.schedules(link)
        schedules._clock = clock
        if schedules._redis is not None:
            schedules._redis.days._clock = clock
        await schedules.refresh()
        began = clock.now()
        source = schedules._source
        schedules._source = type(source)(
            Postgres("postgresql://kirdi@127.0.0.1:1/none", Limits(connect_timeout_s=1)), SITE.id
        )
        with pytest.raises(DatabaseError):
            await schedules.refresh()
        clock.advance(120)
        told = await schedules.schedule_of(one, clock.now())
        assert [each.starts_at.hour for each in told.appointments] == [5]
        assert (told.as_of, told.age) == (began, timedelta(seconds=120))
        # Of who was changed since, and for the last word, PostgreSQL has to be asked.
        with pytest.raises(DatabaseError):
            await schedules.schedule_of(one, clock.now(), refresh=True)
        schedules.changed(Change(frozenset({other})))
        with pytest.raises(DatabaseError):
            await schedules.schedule_of(other, clock.now())
        assert (await schedules.schedule_of(one, clock.now())).appointments == told.appointments
        clock.advance(181)
        with pytest.raises(DatabaseError):
            await schedules.schedule_of(one, clock.now())
        schedules._source = source
        await schedules.refresh()
        assert (await schedules.schedule_of(other, clock.now())).age < timedelta(seconds=1)


async def test_a_check_in_of_the_service_is_seen_by_itself_at_once(
    clinic: Clinic, redis_url: str, make_link: MakeLink
) -> None:
    await clinic.expect(1)
    one: UUID = (await clinic.ids(1))[1]
    for link in (None, make_link(redis_url)):
        schedules = clinic.schedules(link)
        await schedules.refresh()
        await clinic.check_ins(schedules).record(await clinic.proposal(1))
        (found,) = await schedules.appointments_of(one, NOW.astimezone(UTC))
        assert found.status is AppointmentStatus.ARRIVED
        await schedules.refresh()
        assert one not in schedules._marks
        await clinic.execute("DELETE FROM check_ins")
        await clinic.execute("UPDATE appointments SET status = 'booked'")
