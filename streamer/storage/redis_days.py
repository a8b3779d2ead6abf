"""Days of appointments in Redis, under versions that keep races out. Used by `schedules`.

A day is one hash: a field per patient, and one to say that it is complete and as of when. A version
per day, a random word, keeps a fill that raced with a change from being written: the change sets a
new version first, and the fill writes only under the version it began with.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import Enum
from typing import Final
from uuid import UUID, uuid4

from redis.asyncio import Redis

from streamer.clock import Clock
from streamer.domain.appointment import Appointment
from streamer.storage.local_day import LocalDay
from streamer.storage.redis_link import RedisLink
from streamer.storage.schedule_codec import decode, encode

# In a patient's field: something changed, ask PostgreSQL about this patient.
_CHANGED: Final = b"?"
# A day is looked back at for hours; and days end together, their keys should not.
_KEEPS: Final = timedelta(hours=26)
_JITTER_S: Final = 300.0
# Names and values sent at once; what is left of a fill that was cut off is gone soon.
_PORTION: Final = 1000
_STAGED_MS: Final = 60_000
# A version outlives its day, so that it cannot expire under a fill.
_VERSION_KEEPS: Final = timedelta(days=2)

# Scripts, with pcall, so that a key of another type is an answer and not an error.
_READ = """
local got = redis.pcall('HMGET', KEYS[1], 'complete', ARGV[1])
if got.err then return {} end
return got
"""
# Returns the day's version, giving it one where there is none or not a string.
_BEGIN = """
local version = redis.pcall('GET', KEYS[1])
if type(version) == 'string' then return version end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
"""
# Puts a whole day in its place, unless it was changed since the version was had.
_FILL = """
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
    redis.call('DEL', KEYS[3])
    return 0
end
if redis.call('EXISTS', KEYS[3]) == 0 then return 0 end
redis.call('RENAME', KEYS[3], KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
"""
# Writes fields of a day that is complete, unless it was changed since the version was had.
_PATCH = """
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if redis.pcall('HEXISTS', KEYS[2], 'complete') ~= 1 then return 0 end
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 1
"""
# Sets a new version, which stops whatever is being filled. Was it the expected one before?
_RENEW = """
local before = redis.pcall('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if before == ARGV[3] then return 1 end
return 0
"""
# As _RENEW, and forgets one patient.
_FORGET_PATIENT = """
local before = redis.pcall('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if redis.pcall('HEXISTS', KEYS[2], 'complete') == 1 then
    redis.call('HSET', KEYS[2], ARGV[4], '?')
end
if before == ARGV[3] then return 1 end
return 0
"""


class Miss(Enum):
    """What Redis lacks."""

    DAY = "day"
    PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class Cached:
    """What Redis has of a patient's day, and when PostgreSQL said so."""

    appointments: tuple[Appointment, ...]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Renewed:
    """A day's new version.

    Attributes:
        version: To write under.
        ours: What stands there is what the caller wrote: nobody else changed it, and it is no older
            state of a Redis that was restored.
    """

    version: bytes
    ours: bool


class RedisDays:
    """One site's. Every method raises CacheError where Redis is away."""

    def __init__(self, link: RedisLink, site_id: str, zone: tzinfo, clock: Clock) -> None:
        """Keep the collaborators."""
        self._link = link
        self._site_id = site_id
        self._zone = zone
        self._clock = clock

    async def read(self, day: LocalDay, patient_id: UUID) -> Cached | Miss:
        """Return a patient's day; anything odd is a miss, and the fill that follows repairs it."""
        key = self._keys(day.day)[1]
        answer = await self._run(_READ, (key,), (str(patient_id),))
        if not isinstance(answer, list) or len(answer) != 2:
            return Miss.DAY
        as_of, cached = _moment(answer[0]), answer[1]
        if as_of is None:
            return Miss.DAY
        if cached is None:
            return Cached((), as_of)
        if cached == _CHANGED:
            return Miss.PATIENT
        decoded = decode(patient_id, cached, day.start, day.end)
        return Miss.DAY if decoded is None else Cached(decoded, as_of)

    async def begin(self, day: LocalDay) -> bytes:
        """Return the version to fill under; had before PostgreSQL is asked."""
        values = (uuid4().hex, self._version_ms(day.day))
        version = await self._run(_BEGIN, self._keys(day.day)[:1], values)
        return version if isinstance(version, bytes) else b""

    async def renew(self, day: LocalDay, expected: bytes) -> Renewed:
        """Give the day a new version: whatever is being filled is not written.

        What is there stays until it is written over. `expected` is the version it had when the
        caller last wrote it.
        """
        version = uuid4().hex
        values = (version, self._version_ms(day.day), expected)
        answer = await self._run(_RENEW, self._keys(day.day), values)
        return Renewed(version.encode(), answer == 1)

    async def fill(
        self,
        day: LocalDay,
        version: bytes,
        schedule: Mapping[UUID, Sequence[Appointment]],
        as_of: datetime,
    ) -> bool:
        """Write the whole day at once; False where it was changed since the version was had."""
        left = max(day.end - self._clock.now(), timedelta()) + _KEEPS
        jitter_s = random.uniform(0, _JITTER_S)  # noqa: S311
        lasts_ms = int(1000 * (left.total_seconds() + jitter_s))
        version_key, day_key = self._keys(day.day)
        stage_key = f"{day_key}:{uuid4().hex}"
        # A large site's day takes tens of milliseconds to write down, and Redis as long to take in:
        # in portions no call comes near its time-out, and nobody else waits long.
        fields = await asyncio.to_thread(_fields, schedule, as_of)
        for start in range(0, len(fields), _PORTION):
            await self._stage(stage_key, fields[start : start + _PORTION])
        return await self._run(_FILL, (version_key, day_key, stage_key), (version, lasts_ms)) == 1

    async def _stage(self, key: str, fields: Sequence[str | bytes]) -> None:
        async def work(redis: Redis) -> None:
            async with redis.pipeline(transaction=True) as pipeline:
                pipeline.hset(key, items=list(fields))
                pipeline.pexpire(key, _STAGED_MS)
                await pipeline.execute()

        await self._link.call(work)

    async def patch(
        self,
        day: LocalDay,
        version: bytes,
        schedule: Mapping[UUID, Sequence[Appointment]],
        as_of: datetime | None,
    ) -> bool:
        """Write some patients of a complete day; False where it is not, or another version's.

        Args:
            day: Which.
            version: Had before what is written was read.
            schedule: Their appointments; without any patient the day is only confirmed.
            as_of: When all of the day was confirmed; None = it was not.
        """
        values = (version, *_fields(schedule, as_of))
        return await self._run(_PATCH, self._keys(day.day), values) == 1

    async def forget_patient(self, day: LocalDay, patient_id: UUID, expected: bytes) -> Renewed:
        """Have one patient asked for anew; otherwise as `renew`."""
        version = uuid4().hex
        values = (version, self._version_ms(day.day), expected, str(patient_id))
        answer = await self._run(_FORGET_PATIENT, self._keys(day.day), values)
        return Renewed(version.encode(), answer == 1)

    async def forget(self, day: date, version: str) -> None:
        """Have a whole day asked for anew; it goes on under this version."""
        version_key, day_key = self._keys(day)
        lasts_ms = self._version_ms(day)

        async def work(redis: Redis) -> None:
            async with redis.pipeline(transaction=True) as pipeline:
                pipeline.set(version_key, version, px=lasts_ms)
                pipeline.delete(day_key)
                await pipeline.execute()

        await self._link.call(work)

    async def _run(
        self, script: str, keys: Sequence[str], values: Sequence[str | bytes | int]
    ) -> object:
        async def work(redis: Redis) -> object:
            # redis-py's annotation mixes its synchronous and asynchronous answers.
            answer: object = await redis.register_script(script)(keys=list(keys), args=list(values))
            return answer

        return await self._link.call(work)

    def _keys(self, day: date) -> tuple[str, str]:
        """Return version key and day key; the braces keep both in one slot of a cluster."""
        stem = f"kirdi:schedule:v2:{{{self._site_id}:{day.isoformat()}}}"
        return f"{stem}:version", f"{stem}:day"

    def _version_ms(self, day: date) -> int:
        left = max(LocalDay(day, self._zone).end - self._clock.now(), timedelta())
        return int(1000 * (left + _VERSION_KEEPS).total_seconds())


def _fields(
    schedule: Mapping[UUID, Sequence[Appointment]], as_of: datetime | None
) -> list[str | bytes]:
    fields: list[str | bytes] = [] if as_of is None else [b"complete", as_of.isoformat()]
    for owner, appointments in schedule.items():
        fields += [str(owner), encode(appointments)]
    return fields


def _moment(value: object) -> datetime | None:
    """Return the aware moment, or None for anything that is none."""
    if not isinstance(value, bytes):
        return None
    try:
        moment = datetime.fromisoformat(value.decode())
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
