"""What is told of a change, and that gallery and schedule follow whoever makes it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
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
from streamer.storage.change_feed import CHANNEL, LOOK, ChangeFeed
from streamer.storage.postgres import Postgres
from tests.fakes.clock import FakeClock, ShiftedClock
from tests.integration.storage.clinic import NOW, SITE, Clinic, booking, moved, patient
from tests.integration.storage.conftest import MakeLink
from tests.integration.storage.following import Following
from tests.integration.storage.own_redis import OwnRedis

NEVER_S = 60.0
"""A poll that does not come while a test runs."""


class Ear:
    """Listens itself, and says what was told since it was asked last."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._heard: list[str] = []

    def take(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        assert isinstance(payload, str)
        self._heard.append(payload)

    async def texts(self) -> list[str]:
        # Once this has come back everything that was committed before has come, too.
        await self._connection.execute("NOTIFY kirdi_changes, 'end'")
        for _ in range(6000):
            if "end" in self._heard:
                break
            await asyncio.sleep(0.005)
        heard, self._heard = self._heard, []
        return [one for one in heard if one != "end"]

    async def told(self) -> list[tuple[str, object]]:
        messages = [json.loads(one) for one in await self.texts()]
        assert all(one["site"] == SITE.id for one in messages)
        return [(one["what"], one.get("patients")) for one in messages]


@pytest.fixture
async def ear(migrated_url: str) -> AsyncIterator[Ear]:
    connection = await asyncpg.connect(migrated_url)
    one = Ear(connection)
    await connection.add_listener(CHANNEL, one.take)
    yield one
    await connection.close()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path)
    server.start()
    yield server
    server.kill()


GALLERY = ("gallery", None)


async def test_what_is_told_of(clinic: Clinic, ear: Ear) -> None:
    await clinic.expect(1)
    _, one = await clinic.ids(1)
    schedule = ("schedule", [str(one)])
    await clinic.import_patients(patient(2))
    await ear.texts()
    _, of = "", "WHERE patient_ref = 'P-1'"
    for statement, expected in (
        ("UPDATE appointments SET status = 'arrived', building = 'west'", [schedule]),
        ("UPDATE appointments SET status = 'booked'", [schedule]),
        ("UPDATE appointments SET status = 'cancelled'", [schedule]),
        ("UPDATE appointments SET status = 'arrived'", [schedule]),
        ("UPDATE appointments SET building = 'east'", [schedule]),
        ("UPDATE appointments SET starts_at = starts_at - interval '1 min'", [schedule]),
        ("UPDATE appointments SET place = 'home'", [schedule]),
        ("UPDATE consents SET status = 'inactive'", [GALLERY]),
        ("UPDATE consents SET status = 'active'", [GALLERY]),
        (f"UPDATE consents SET expires_at = '{NOW + timedelta(days=9)}'", [GALLERY]),
        (f"UPDATE patients SET is_staff = true {of}", [GALLERY]),
        (f"UPDATE patients SET deceased_on = '2026-01-01' {of}", [GALLERY]),
        ("UPDATE templates SET pack_id = 'other'", [GALLERY]),
        (
            "INSERT INTO look_alikes (template_id, other_id, found_at)"
            f" SELECT template_id, gen_random_uuid(), '{NOW}' FROM templates",
            None,  # refused: there is no such other one
        ),
        ("DELETE FROM templates", [GALLERY]),
        ("DELETE FROM consents", [GALLERY]),
        ("DELETE FROM appointments", [schedule]),
        (f"DELETE FROM patients {of}", [GALLERY]),
    ):
        try:
            await clinic.execute(statement)
        except DatabaseError:
            assert expected is None, statement
        assert await ear.told() == (expected or []), statement


async def test_look_alikes_and_who_moves_to_another_patient_are_told_of(
    clinic: Clinic, ear: Ear
) -> None:
    await clinic.expect(1)
    await clinic.expect(2)
    one, other = (await clinic.ids(1))[1], (await clinic.ids(2))[1]
    await ear.texts()
    await clinic.execute(
        "INSERT INTO look_alikes (template_id, other_id, found_at) "
        "SELECT min(template_id::text)::uuid, max(template_id::text)::uuid, now() FROM templates"
    )
    assert await ear.told() == [GALLERY]
    await clinic.execute(
        "UPDATE appointments SET patient_id = $1 WHERE patient_id = $2", one, other
    )
    ((what, patients),) = await ear.told()
    assert what == "schedule"
    assert isinstance(patients, list)
    assert set(patients) == {str(one), str(other)}


async def test_what_nothing_depends_on_is_not_told_of(clinic: Clinic, ear: Ear) -> None:
    await clinic.expect(1)
    await ear.texts()
    for statement in (
        "UPDATE appointments SET room = '7', service_name = 'x', status_changed_at = now()",
        "UPDATE appointments SET status = status",
        "UPDATE appointments SET status = 'arrived'",
        "UPDATE consents SET document_ref = 'other'",
        "UPDATE patients SET language = 'kk', payer = 'x', updated_at = now()",
        "UPDATE practitioners SET full_name = 'Other'",
        "DELETE FROM consents WHERE status = 'draft'",
        "INSERT INTO camera_uptime (site_id, camera_id, state, reason, started_at, last_seen_at) "
        "VALUES ('test-1', 'lobby-1', 'streaming', '', now(), now())",
        "UPDATE camera_uptime SET last_seen_at = now() + interval '5 s'",
    ):
        await clinic.execute(statement)
        assert await ear.told() == [], statement
    await clinic.import_patients(patient(1), patient(9))
    assert await ear.told() == []


async def test_only_what_is_committed_is_told(clinic: Clinic, ear: Ear) -> None:
    await clinic.expect(1)
    await ear.texts()
    await clinic.execute("BEGIN; UPDATE appointments SET status = 'noshow'; ROLLBACK")
    assert await ear.told() == []


async def test_an_import_is_told_of_once_it_is_large(clinic: Clinic, ear: Ear) -> None:
    numbers = range(300)
    await clinic.import_patients(*(patient(number) for number in numbers))
    await clinic.import_bookings(*(booking(number) for number in range(20)))
    told = await ear.told()
    assert len(told) == 20
    await clinic.import_bookings(*(booking(number) for number in range(20, 300)))
    assert (await ear.told())[20:] == [("schedule", None)]
    # One statement over many rows, as a hospital's own system may send.
    await clinic.execute("UPDATE appointments SET building = 'west'")
    assert await ear.told() == [("schedule", None)]
    # The count ends with its transaction.
    await clinic.execute("UPDATE appointments SET building = NULL WHERE appointment_ref = 'A-7'")
    assert await ear.told() == [("schedule", [str((await clinic.ids(7))[1])])]


async def test_no_name_and_no_reference_is_told(clinic: Clinic, ear: Ear) -> None:
    await clinic.expect(1)
    await clinic.withdraw(1)
    await clinic.check_ins().record(await clinic.proposal(1))
    texts = await ear.texts()
    assert texts
    for clear in ("P-1", "A-1", "D-1", "Full Name", "Dr One", "Consultation", "C-1"):
        assert not [one for one in texts if clear in one]


async def test_a_change_made_elsewhere_is_followed_at_once(
    clinic: Clinic, redis_url: str, make_link: MakeLink
) -> None:
    await clinic.expect(1)
    await clinic.expect(2)
    one, other = (await clinic.ids(1))[1], (await clinic.ids(2))[1]
    async with Following(clinic, make_link(redis_url), NEVER_S) as following:
        assert following.people == {one, other}
        await clinic.withdraw(1)
        await following.until(lambda: following.people == {other})
        assert [one.starts_at.hour for one in await following.appointments(one)] == [5]
        await clinic.execute(
            "UPDATE appointments SET starts_at = starts_at + interval '1 h', "
            "ends_at = ends_at + interval '1 h' WHERE patient_id = $1",
            other,
        )
        await following.until_hours(other, [6])
        await clinic.import_bookings(moved(booking(3, patient_number=1), 2))
        await following.until_hours(one, [5, 7])


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
