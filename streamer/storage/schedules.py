"""Today's appointments of a patient: through Redis, or from PostgreSQL. See docs/design/0005.

Read for every recognised patient; told by imports and check-ins what is not as it was.
"""

import asyncio
import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from enum import Enum
from uuid import UUID, uuid4

from redis.asyncio import Redis

from streamer.clock import Clock
from streamer.domain.appointment import Appointment
from streamer.errors import CacheError
from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql
from streamer.storage.redis_link import RedisLink
from streamer.storage.schedule_codec import appointment_from, decode, encode

# A day is one hash: a field per patient, and this one to say that the day is complete.
_COMPLETE = b"complete"
# In a patient's field: something changed, ask PostgreSQL about this patient.
_CHANGED = b"?"
# Days end together; their keys should not.
_JITTER_S = 300.0
_VERSION_KEEPS = timedelta(days=1)

# Returns the day's version, giving it one where there is none or not a string.
_BEGIN = """
local version = redis.pcall('GET', KEYS[1])
if type(version) == 'string' then return version end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
"""
# Writes the whole day, unless it was invalidated since _BEGIN.
_FILL = """
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
"""
# Writes one patient into a day that is complete, unless it was invalidated since _BEGIN.
_FILL_PATIENT = """
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if redis.pcall('HEXISTS', KEYS[2], 'complete') ~= 1 then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 1
"""
# Forgets one patient; the new version stops whatever is being filled.
_FORGET_PATIENT = """
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if redis.pcall('HEXISTS', KEYS[2], 'complete') == 1 then
    redis.call('HSET', KEYS[2], ARGV[3], '?')
end
return 1
"""


class _Miss(Enum):
    """What the cache lacks."""

    DAY = "day"
    PATIENT = "patient"


class ScheduleCache:
    """The site's appointments by patient and day. PostgreSQL decides; Redis only remembers.

    A version per day, a random word, keeps a fill that raced with a change from being written: the
    change sets a new version first, and the fill writes only under the version it began with.
    """

    def __init__(
        self,
        postgres: Postgres,
        redis: RedisLink | None,
        site_id: str,
        zone: tzinfo,
        clock: Clock,
    ) -> None:
        """Keep the collaborators; without Redis everything comes from PostgreSQL."""
        self._postgres = postgres
        self._redis = redis
        self._site_id = site_id
        self._zone = zone
        self._clock = clock
        self._filling = asyncio.Lock()
        # Days whose change Redis could not be told of; it is told before it is believed again.
        # Each under the version it will get.
        self._owed: dict[date, str] = {}

    async def appointments_of(
        self, patient_id: UUID, now: datetime, refresh: bool = False
    ) -> Sequence[Appointment]:
        """Return the patient's appointments of the site's day at `now`, by start.

        Args:
            patient_id: Whose.
            now: Aware.
            refresh: Go past the cache to PostgreSQL, and correct the cache by the way.

        Raises:
            DatabaseError: The cache does not know and PostgreSQL refuses.
        """
        day = LocalDay.containing(now, self._zone)
        if self._redis is None:
            return await self._patient_from_postgres(day, patient_id)
        try:
            await self._pay_owed(self._redis)
            found = _Miss.PATIENT if refresh else await self._read(self._redis, day, patient_id)
            if found is _Miss.DAY:
                return await self._fill_day(self._redis, day, patient_id)
            if found is _Miss.PATIENT:
                return await self._fill_patient(self._redis, day, patient_id)
        except CacheError:
            return await self._patient_from_postgres(day, patient_id)
        return found

    async def invalidate(self, days: Sequence[date]) -> None:
        """Forget these days; call it after the commit that changed them. Never raises."""
        self._owed |= {day: uuid4().hex for day in days}
        await self._try_to_pay()

    async def invalidate_patient(self, patient_id: UUID, moment: datetime) -> None:
        """Forget one patient's part of the site's day at `moment`. Never raises."""
        if self._redis is None:
            return
        day = LocalDay.containing(moment, self._zone)
        keys = self._keys(day.day)
        values = (uuid4().hex, self._version_ms(day.day), str(patient_id))
        try:
            await self._redis.call(lambda redis: _run(redis, _FORGET_PATIENT, keys, values))
        except CacheError:
            self._owed[day.day] = uuid4().hex

    async def _try_to_pay(self) -> None:
        if self._redis is None:
            self._owed.clear()
            return
        try:
            await self._pay_owed(self._redis)
        except CacheError:
            # The link has logged it; the days stay owed.
            return

    async def _pay_owed(self, link: RedisLink) -> None:
        for day, version in sorted(self._owed.items()):
            version_key, day_key = self._keys(day)
            lasts_ms = self._version_ms(day)

            async def forget(
                redis: Redis,
                version_key: str = version_key,
                day_key: str = day_key,
                version: str = version,
                lasts_ms: int = lasts_ms,
            ) -> None:
                async with redis.pipeline(transaction=True) as pipeline:
                    pipeline.set(version_key, version, px=lasts_ms)
                    pipeline.delete(day_key)
                    await pipeline.execute()

            await link.call(forget)
            # Another change may have come meanwhile; that one is still owed.
            if self._owed.get(day) == version:
                del self._owed[day]

    async def _read(
        self, link: RedisLink, day: LocalDay, patient_id: UUID
    ) -> tuple[Appointment, ...] | _Miss:
        key = self._keys(day.day)[1]
        # A script, so that a key of another type is an answer and not an error.
        script = "local got = redis.pcall('HMGET', KEYS[1], 'complete', ARGV[1])\n" + (
            "if got.err then return {} end\nreturn got"
        )
        answer = await link.call(lambda redis: _run(redis, script, (key,), (str(patient_id),)))
        if not isinstance(answer, list) or len(answer) != 2 or answer[0] is None:
            return _Miss.DAY
        cached = answer[1]
        if cached is None:
            return ()
        if cached == _CHANGED:
            return _Miss.PATIENT
        decoded = decode(patient_id, cached, day.start, day.end)
        return _Miss.DAY if decoded is None else decoded

    async def _fill_day(
        self, link: RedisLink, day: LocalDay, patient_id: UUID
    ) -> tuple[Appointment, ...]:
        async with self._filling:
            # Whoever waited here finds what the first one has filled.
            found = await self._read(link, day, patient_id)
            if isinstance(found, tuple):
                return found
            version = await self._begin(link, day)
            schedule = await self._day_from_postgres(day)
            fields: list[str | bytes] = [_COMPLETE, b"1"]
            for owner, appointments in schedule.items():
                fields += [str(owner), encode(appointments)]
            left = (day.end - self._clock.now()).total_seconds()
            lasts_ms = int(1000 * (max(left, 1.0) + random.uniform(0, _JITTER_S)))  # noqa: S311
            values = (version, lasts_ms, *fields)
            await link.call(lambda redis: _run(redis, _FILL, self._keys(day.day), values))
            return tuple(schedule.get(patient_id, ()))

    async def _fill_patient(
        self, link: RedisLink, day: LocalDay, patient_id: UUID
    ) -> tuple[Appointment, ...]:
        version = await self._begin(link, day)
        found = await self._patient_from_postgres(day, patient_id)
        values = (version, str(patient_id), encode(found))
        await link.call(lambda redis: _run(redis, _FILL_PATIENT, self._keys(day.day), values))
        return found

    async def _begin(self, link: RedisLink, day: LocalDay) -> bytes:
        keys = (self._keys(day.day)[0],)
        values = (uuid4().hex, self._version_ms(day.day))
        version = await link.call(lambda redis: _run(redis, _BEGIN, keys, values))
        return version if isinstance(version, bytes) else b""

    async def _patient_from_postgres(
        self, day: LocalDay, patient_id: UUID
    ) -> tuple[Appointment, ...]:
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("schedule_of_patient"), self._site_id, day.start, day.end, patient_id
            )
        return tuple(appointment_from(row) for row in rows)

    async def _day_from_postgres(self, day: LocalDay) -> dict[UUID, list[Appointment]]:
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("schedule_of_site"), self._site_id, day.start, day.end
            )
        schedule: dict[UUID, list[Appointment]] = {}
        for row in rows:
            schedule.setdefault(row["patient_id"], []).append(appointment_from(row))
        return schedule

    def _keys(self, day: date) -> tuple[str, str]:
        """Return version key and day key; the braces keep both in one slot of a cluster."""
        stem = f"kirdi:schedule:v1:{{{self._site_id}:{day.isoformat()}}}"
        return f"{stem}:version", f"{stem}:day"

    def _version_ms(self, day: date) -> int:
        """A version outlives its day, so that it cannot expire under a fill."""
        end = LocalDay(day, self._zone).end + _VERSION_KEEPS
        lasts = max(end - self._clock.now(), _VERSION_KEEPS)
        return int(1000 * lasts.total_seconds())


async def _run(
    redis: Redis, script: str, keys: Sequence[str], values: Sequence[str | bytes | int]
) -> object:
    # redis-py's annotation mixes its synchronous and asynchronous answers.
    answer: object = await redis.register_script(script)(keys=list(keys), args=list(values))
    return answer
