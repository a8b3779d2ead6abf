"""Today's appointments of a patient: through Redis, or from PostgreSQL. See docs/design/0005.

Read for every recognised patient; told by imports and check-ins what is not as it was, and in the
service kept up to date every second by `streamer.schedule_keeper`.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Final
from uuid import UUID

import structlog

from streamer.clock import Clock
from streamer.domain.appointment import Appointment
from streamer.domain.cache_report import CacheReport, CacheState
from streamer.domain.change import Change
from streamer.domain.schedule import Schedule
from streamer.errors import CacheError, DatabaseError
from streamer.storage.held_day import DayState, HeldDay
from streamer.storage.local_day import LocalDay
from streamer.storage.marks import Marks
from streamer.storage.postgres import Postgres
from streamer.storage.redis_days import Cached, Miss, RedisDays
from streamer.storage.redis_link import RedisLink
from streamer.storage.redis_mirror import RedisMirror
from streamer.storage.schedule_source import ScheduleSource

log = structlog.get_logger(__name__)

MAX_AGE: Final = timedelta(minutes=5)
"""A copy that PostgreSQL has not confirmed for so long is not told any more. The gallery, which
says who can be recognised at all, lasts no longer."""
FRESH: Final = timedelta(seconds=3)
"""A copy in memory that was confirmed so recently is as good as PostgreSQL's answer."""


class ScheduleCache:
    """The site's appointments by patient and day. PostgreSQL decides; the rest only remembers.

    Where `refresh` is called every second, days are held in memory too: as the copy that is left
    while Redis, PostgreSQL or both are away.
    """

    def __init__(
        self,
        postgres: Postgres,
        redis: RedisLink | None,
        site_id: str,
        zone: tzinfo,
        clock: Clock,
    ) -> None:
        """Keep the collaborators; without Redis everything comes from memory and PostgreSQL."""
        self._source = ScheduleSource(postgres, site_id)
        self._link = redis
        self._redis = None if redis is None else RedisMirror(RedisDays(redis, site_id, zone, clock))
        self._zone = zone
        self._clock = clock
        self._filling = asyncio.Lock()
        self._held: dict[date, HeldDay] = {}
        self._marks = Marks()
        self._postgres_away = False

    async def appointments_of(
        self, patient_id: UUID, now: datetime, refresh: bool = False
    ) -> Sequence[Appointment]:
        """Return the appointments of `schedule_of`; says how old they are where that matters."""
        schedule = await self.schedule_of(patient_id, now, refresh)
        if schedule.age > FRESH:
            log.info(
                "schedule from its last copy",
                patient=str(patient_id),
                age_s=round(schedule.age.total_seconds(), 1),
            )
        return schedule.appointments

    async def schedule_of(self, patient_id: UUID, now: datetime, refresh: bool = False) -> Schedule:
        """Return the patient's appointments of the site's day at `now`, and how old they are.

        Args:
            patient_id: Whose.
            now: Aware.
            refresh: Go past every copy to PostgreSQL, and correct Redis by the way.

        Raises:
            DatabaseError: PostgreSQL refuses, and there is no copy that is not known to be changed
                and not older than `MAX_AGE`.
        """
        day = LocalDay.containing(now, self._zone)
        changed = refresh or patient_id in self._marks
        try:
            return await self._through_redis(day, patient_id, changed)
        except CacheError:
            pass
        held = None if changed else self._copy(day, patient_id)
        if held is not None and (held.age <= FRESH or self._postgres_away):
            return held
        try:
            return self._just_read(await self._source.of_patient(day, patient_id))
        except DatabaseError:
            if held is None:
                raise
            return held

    async def invalidate(self, days: Sequence[date]) -> None:
        """Forget these days; call it after the commit that changed them. Never raises."""
        if self._held:
            self._marks.add(None)
        if self._redis is not None:
            self._redis.owe(days)
            await self._redis.try_to_pay()

    async def invalidate_patient(self, patient_id: UUID, moment: datetime) -> None:
        """Forget one patient's part of the site's day at `moment`. Never raises."""
        if self._held:
            self._marks.add((patient_id,))
        if self._redis is not None:
            await self._redis.forget_patient(LocalDay.containing(moment, self._zone), patient_id)

    def changed(self, change: Change) -> None:
        """Take in what was heard: these patients are asked for anew. Never blocks."""
        if change.patients != frozenset() and self._held:
            self._marks.add(change.patients)

    async def redis_version(self) -> str | None:
        """Which Redis answers; None = there is none set. Raises CacheError."""
        return None if self._link is None else await self._link.version()

    @property
    def cache_report(self) -> CacheReport:
        """How Redis fares, as far as it was asked."""
        return CacheReport(CacheState.NONE) if self._link is None else self._link.report

    @property
    def nobody_marked(self) -> bool:
        """Has everything been read that is known to be changed?"""
        return not self._marks

    async def refresh(self) -> None:
        """Bring the days around now up to date, in memory and in Redis.

        Yesterday, today and tomorrow: windows reach over midnight, and the first patient after it
        waits for nothing. One question tells what is as it was; of what is not, only rows that were
        changed are read, whoever has changed them.

        Raises:
            DatabaseError: What was held stays, and grows older.
        """
        if self._link is not None:
            # Here, so that no decision waits for what may not answer.
            await self._link.look_again()
        now, moment = self._clock.now(), self._clock.monotonic()
        today = LocalDay.containing(now, self._zone).day
        days = [LocalDay(today + timedelta(days=shift), self._zone) for shift in (-1, 0, 1)]
        marked = self._marks.last
        try:
            states = await self._source.states(days)
            self._told_of_postgres(away=False)
            for day, state in zip(days, states, strict=True):
                await self._keep(day, state, now, moment)
        except DatabaseError:
            self._told_of_postgres(away=True)
            raise
        wanted = {day.day for day in days}
        self._held = {day: one for day, one in self._held.items() if day in wanted}
        self._marks.clear(marked)
        if self._redis is not None:
            self._redis.keep_only(wanted)
            await self._redis.try_to_pay()

    async def _keep(self, day: LocalDay, state: DayState, now: datetime, moment: float) -> None:
        """Bring one day up to date that PostgreSQL had in this state at `now`."""
        before = self._held.get(day.day)
        if before is not None and before.state == state:
            self._held[day.day] = before.confirmed(now, moment)
            if self._redis is None or await self._redis.confirm(day, now):
                return
        renewed = None if self._redis is None else await self._redis.renew(day)
        known = before or HeldDay.of(day, {}, now, moment)
        versions = await self._source.versions(day)
        read = await self._source.rows(known.outdated(versions))
        after = await asyncio.to_thread(known.changed, versions, read, now, moment)
        # One assignment: who asks sees the day before the change or after it.
        self._held[day.day] = after
        if self._redis is not None and renewed is not None:
            await self._redis.write(day, renewed, known, after)

    async def _through_redis(self, day: LocalDay, patient_id: UUID, changed: bool) -> Schedule:
        """Ask Redis, and fill what it lacks; raises CacheError and DatabaseError."""
        if self._redis is None:
            raise CacheError("redis: is not used")
        await self._redis.pay()
        days = self._redis.days
        found = Miss.PATIENT if changed else await days.read(day, patient_id)
        if isinstance(found, Cached):
            schedule = self._confirmed(day, found)
            if schedule is not None:
                return schedule
            found = Miss.DAY
        try:
            if found is Miss.DAY:
                return await self._fill_day(days, day, patient_id)
            return await self._fill_patient(days, day, patient_id)
        except DatabaseError:
            held = self._copy(day, patient_id) if found is Miss.DAY else None
            if held is None:
                raise
            return held

    async def _fill_day(self, redis: RedisDays, day: LocalDay, patient_id: UUID) -> Schedule:
        async with self._filling:
            # Whoever waited here finds what the first one has filled.
            found = await redis.read(day, patient_id)
            if isinstance(found, Cached) and (told := self._confirmed(day, found)) is not None:
                return told
            held = self._copy(day, patient_id)
            if self._postgres_away and held is not None:
                return held
            version, now = await redis.begin(day), self._clock.now()
            schedule = await self._source.of_site(day)
            await redis.fill(day, version, schedule, now)
            return self._just_read(tuple(schedule.get(patient_id, ())))

    async def _fill_patient(self, redis: RedisDays, day: LocalDay, patient_id: UUID) -> Schedule:
        version = await redis.begin(day)
        found = await self._source.of_patient(day, patient_id)
        await redis.patch(day, version, {patient_id: found}, None)
        return self._just_read(found)

    def _confirmed(self, day: LocalDay, cached: Cached) -> Schedule | None:
        """Say how old what Redis has is; None where that is too old, or cannot be.

        What Redis has follows what is held, so it was confirmed when that was.
        """
        now = self._clock.now()
        told = _aged(cached.appointments, cached.as_of, now - cached.as_of)
        held = self._held.get(day.day)
        if held is not None:
            age = self._age(held)
            if told is None or age < told.age:
                told = _aged(cached.appointments, held.as_of, age)
        return told

    def _copy(self, day: LocalDay, patient_id: UUID) -> Schedule | None:
        """Return what is held of a patient who is not known to be changed, if it is not too old."""
        held = self._held.get(day.day)
        if held is None or patient_id in self._marks:
            return None
        return _aged(held.patients.get(patient_id, ()), held.as_of, self._age(held))

    def _age(self, held: HeldDay) -> timedelta:
        return timedelta(seconds=max(0.0, self._clock.monotonic() - held.confirmed_at))

    def _just_read(self, appointments: tuple[Appointment, ...]) -> Schedule:
        return Schedule(appointments, self._clock.now(), timedelta())

    def _told_of_postgres(self, *, away: bool) -> None:
        if away and not self._postgres_away and self._held:
            log.warning("schedule not confirmed, its last copy is used", for_s=MAX_AGE.seconds)
        self._postgres_away = away


def _aged(
    appointments: tuple[Appointment, ...], as_of: datetime, age: timedelta
) -> Schedule | None:
    # An age below zero is none: one of the clocks was set.
    return Schedule(appointments, as_of, age) if timedelta() <= age <= MAX_AGE else None
