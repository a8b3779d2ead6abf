"""`kirdi bench schedule`: a large site's gallery and schedule, and everything that changes them."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from config.settings import Settings
from matcher.cohort import Cohort
from matcher.gallery import Gallery
from streamer.backend import Backend, open_backend
from streamer.bench.as_owner import as_owner
from streamer.bench.schedule.check_in_cost import (
    NEEDED,
    ROUND,
    cancel,
    check_in,
    cost_of_telling,
)
from streamer.bench.schedule.following import Following
from streamer.bench.schedule.large_clinic import (
    DIMENSION,
    PACK,
    LargeClinic,
    Visitor,
    write_clinic,
)
from streamer.bench.schedule.match_latency import STATES, MatchLatency
from streamer.bench.schedule.schedule_figures import ScheduleFigures, Spent, schedule_figures
from streamer.bench.schedule.set_clock import SetClock
from streamer.bench.throwaway_home import next_site, throwaway_home
from streamer.domain.appointment import AppointmentStatus
from streamer.embedded.services import embedded_services
from streamer.errors import KirdiError
from streamer.gallery_keeper import GalleryKeeper
from streamer.service_rules import gallery_builder
from streamer.storage.redis_link import RedisLink
from streamer.storage.schedules import ScheduleCache

_NEVER_S: Final = 3600.0
_CONNECTIONS: Final = 50
_COHORT: Final = 1000


@dataclass(frozen=True, slots=True)
class ScheduleBenchmark:
    """What to measure.

    Attributes:
        appointments: A site for each of these numbers of appointments a day.
        repeat: How often each change is made.
        folder: Where the throwaway home is made.
    """

    appointments: Sequence[int]
    repeat: int
    folder: Path

    async def run(self, progress: Callable[[str], None]) -> list[ScheduleFigures]:
        """Measure, in a home folder that is gone afterwards.

        Args:
            progress: Told, in words, what goes on.

        Raises:
            KirdiError: A server cannot be started, or something was not followed.
        """
        rows: list[ScheduleFigures] = []
        async with throwaway_home(self.folder, None) as home:
            for count in self.appointments:
                await next_site(home)
                settings = _settings(count)
                clock = SetClock()
                async with (
                    embedded_services(settings.database, settings.redis, home) as services,
                    open_backend(settings, home, clock) as backend,
                ):
                    if services.redis_url is None:
                        raise KirdiError("benchmark: there is no redis-server to measure with")
                    links = (
                        RedisLink(services.redis_url, settings.redis.timeout_s, clock),
                        # Where nobody listens.
                        RedisLink(f"unix://{home}/none", settings.redis.timeout_s, clock),
                    )
                    progress(f"writing a site of {count} appointments a day")
                    midday = _midday(settings, clock)
                    clock.set(midday)
                    clinic = await write_clinic(backend.database, settings.site, midday, count)
                    # What a server that has been running for a day knows about its tables.
                    await as_owner(backend, "ANALYZE")
                    measuring = _Measuring(
                        backend, settings, clock, clinic, midday, links, self.repeat, progress
                    )
                    rows += [row async for row in measuring.rows()]
                    for link in links:
                        await link.close()
        return rows


def _settings(count: int) -> Settings:
    # Wide windows: everybody who comes today may be recognised at midday, the largest gallery.
    return Settings.model_validate(
        {
            "site": {"id": f"bench-{count}", "name": "Benchmark", "time_zone": "Asia/Almaty"},
            "database": {"pool_size": _CONNECTIONS},
            "arrival": {"opens_before_min": 240, "closes_after_min": 240},
        }
    )


def _midday(settings: Settings, clock: SetClock) -> datetime:
    zone = settings.site.zone
    return clock.now().astimezone(zone).replace(hour=13, minute=0, second=0, microsecond=0)


class _Measuring:
    """One site's measurements, in order; what one changes the next one finds put back."""

    def __init__(
        self,
        backend: Backend,
        settings: Settings,
        clock: SetClock,
        clinic: LargeClinic,
        midday: datetime,
        links: tuple[RedisLink, RedisLink],
        repeat: int,
        progress: Callable[[str], None],
    ) -> None:
        self._backend = backend
        self._site = settings.site
        self._clock = clock
        self._clinic = clinic
        self._midday = midday
        self._link, self._cut = links
        self._repeat = repeat
        self._progress = progress
        self._size = (clinic.patients, len(clinic.today))
        self._refresh_s = settings.arrival.refresh_s
        strangers = np.random.default_rng(1).standard_normal((_COHORT, DIMENSION), np.float32)
        self._cohort = Cohort(PACK, strangers * np.float32(0.12))
        self._schedules = self._cache(self._link)
        self._gallery = self._keeper()

    def _cache(self, link: RedisLink) -> ScheduleCache:
        return ScheduleCache(
            self._backend.database.postgres, link, self._site.id, self._site.zone, self._clock
        )

    def _keeper(self) -> GalleryKeeper:
        builder = gallery_builder(PACK, self._cohort)
        return GalleryKeeper(self._backend.gallery(PACK), builder, self._clock, self._refresh_s)

    async def rows(self) -> AsyncIterator[ScheduleFigures]:
        for measure in (
            self._starts,
            self._polls,
            self._heard,
            self._polled,
            self._days,
            self._matches,
            self._check_ins,
        ):
            self._progress(f"{self._size[1]} appointments: {measure.__name__.strip('_')}")
            for row in await measure():
                yield row

    def _row(
        self, subject: str, spent: Spent, note: str = "", beside: Spent | None = None
    ) -> ScheduleFigures:
        return schedule_figures(subject, self._size, spent, note, beside)

    async def _starts(self) -> list[ScheduleFigures]:
        """From nothing: what a start of the service waits for."""
        gallery, schedule = [], []
        for _ in range(3):
            self._gallery, self._schedules = self._keeper(), self._cache(self._link)
            gallery.append(await _timed(self._gallery.refresh))
            schedule.append(await _timed(self._schedules.refresh))
        size = self._gallery.current.size
        return [
            self._row("gallery from nothing", _spent(gallery), f"{size} templates decrypted"),
            self._row("schedule from nothing", _spent(schedule), "three days, into Redis too"),
        ]

    async def _polls(self) -> list[ScheduleFigures]:
        """What every second costs while nothing changes."""
        works = {"gallery poll": self._gallery.refresh, "schedule poll": self._schedules.refresh}
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
        for _ in range(3 * self._repeat):
            for name, work in works.items():
                found[name].append(await _timed(work))
        return [self._row(name, _spent(times)) for name, times in found.items()]

    async def _heard(self) -> list[ScheduleFigures]:
        """Changes that somebody else makes and the change feed hears of."""
        following = self._following()
        async with following.running(_NEVER_S, heard=True):
            single = await self._singles(following)
            whole = [await self._whole_day(following, number) for number in range(self._repeat)]
        return [
            self._row("withdrawn, heard", Spent(single[0]), "gallery swapped"),
            self._row("cancelled, heard", Spent(single[1]), "schedule swapped"),
            self._row("whole day changed, heard", Spent(whole), "schedule swapped"),
        ]

    async def _polled(self) -> list[ScheduleFigures]:
        """The same while nobody hears anything: found by looking every second."""
        following = self._following()
        async with following.running(self._refresh_s, heard=False):
            single = await self._singles(following)
        note = f"looks every {self._refresh_s:g} s"
        return [
            self._row("withdrawn, polled", Spent(single[0]), note),
            self._row("cancelled, polled", Spent(single[1]), note),
        ]

    def _following(self) -> Following:
        postgres = self._backend.database.postgres
        return Following(postgres, self._site.id, self._gallery, self._schedules, self._clock)

    async def _singles(self, following: Following) -> tuple[list[float], list[float]]:
        """Seconds after withdrawals, and after cancellations."""
        withdrawn, cancelled = [], []
        for one in self._clinic.today[: self._repeat]:
            await asyncio.sleep(random.uniform(0.2, 0.8))  # noqa: S311
            inactive = partial(self._consent, one, "inactive")
            withdrawn.append(await following.until_gone(one, inactive))
            await self._consent(one, "active")
            for status in (AppointmentStatus.CANCELLED, AppointmentStatus.BOOKED):
                await asyncio.sleep(random.uniform(0.2, 0.8))  # noqa: S311
                change = partial(self._status, one, status)
                cancelled.append(await following.until_status(one, status, change))
        return withdrawn, cancelled

    async def _whole_day(self, following: Following, number: int) -> float:
        await asyncio.sleep(random.uniform(0.2, 0.8))  # noqa: S311
        building = f"b{number}"
        some = [one.patient_id for one in self._clinic.today[:: max(1, self._size[1] // 20)]]

        async def change() -> None:
            ids = [one.appointment_id for one in self._clinic.today]
            await self._execute(
                "UPDATE appointments SET building = $1 WHERE appointment_id = ANY($2::uuid[])",
                building,
                ids,
            )

        return await following.until_everybody(some, building, change)

    async def _days(self) -> list[ScheduleFigures]:
        """Midnight, and a jump to the next day's midday: everybody in the gallery is another."""
        firsts, gallery, schedule = [], [], []
        midnight = self._midday + timedelta(hours=11)
        for number in range(self._repeat):
            self._clock.set(midnight - timedelta(seconds=1))
            await self._schedules.refresh()
            await self._gallery.refresh()
            self._clock.set(midnight)
            firsts.append(await _timed(self._ask(self._clinic.tomorrow[number])))
            schedule.append(await _timed(self._schedules.refresh))
            self._clock.set(self._midday)
            await self._gallery.refresh()
            self._clock.set(self._midday + timedelta(days=1))
            gallery.append(await _timed(self._gallery.refresh))
            await self._schedules.refresh()
        self._clock.set(self._midday)
        await self._gallery.refresh()
        await self._schedules.refresh()
        return [
            self._row("first match after midnight", _spent(firsts), "its day was there already"),
            self._row("schedule at midnight", _spent(schedule), "the day after is read"),
            self._row("gallery of another day", _spent(gallery), "everybody leaves and enters"),
        ]

    def _ask(self, one: Visitor) -> Callable[[], Awaitable[None]]:
        async def ask() -> None:
            found = await self._schedules.appointments_of(one.patient_id, self._clock.now())
            if len(found) != 1:
                raise KirdiError("benchmark: the new day's appointment is not there")

        return ask

    async def _matches(self) -> list[ScheduleFigures]:
        """Matches while Redis is there, harmed, and away, in turns."""
        search = self._gallery.current.search
        assert isinstance(search, Gallery)
        cut = self._cache(self._cut)
        latency = MatchLatency(search, self._clinic.today, self._clock)
        found: dict[str, list[float]] = {name: [] for name in (*STATES, "away")}
        for _ in range(max(3, self._repeat // 2)):
            for name, harm in STATES.items():
                await self._schedules.refresh()
                await harm(self._link)
                found[name] += await latency.round(self._schedules)
            await cut.refresh()
            found["away"] += await latency.round(cut)
        up = Spent(found["up"])
        return [
            self._row(f"match, Redis {name}", Spent(times), "", None if name == "up" else up)
            for name, times in found.items()
        ]

    async def _check_ins(self) -> list[ScheduleFigures]:
        """Check-ins, and changes that are told of, with the triggers and without, in turns."""
        backend, visitors = self._backend, iter(self._clinic.today)
        if self._size[1] < 2 * NEEDED:
            return []
        rows = []
        for name, work in (
            ("check-in", partial(check_in, backend, self._site.id)),
            ("cancellation", partial(cancel, backend)),
        ):
            told, untold = await cost_of_telling(backend, work, visitors)
            subject = f"{name}, {ROUND} at once"
            rows += [
                self._row(subject, told, "with the triggers", untold),
                self._row(subject, untold, "without"),
            ]
        return rows

    async def _consent(self, one: Visitor, status: str) -> None:
        await self._execute(
            "UPDATE consents SET status = $1 WHERE patient_id = $2", status, one.patient_id
        )

    async def _status(self, one: Visitor, status: AppointmentStatus) -> None:
        await self._execute(
            "UPDATE appointments SET status = $1 WHERE appointment_id = $2",
            status.value,
            one.appointment_id,
        )

    async def _execute(self, statement: str, *values: object) -> None:
        async with self._backend.database.postgres.connection() as connection:
            await connection.execute(statement, *values, timeout=60)


async def _timed(work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    cpu, began = time.process_time(), time.perf_counter()
    await work()
    return time.perf_counter() - began, time.process_time() - cpu


def _spent(times: Sequence[tuple[float, float]]) -> Spent:
    return Spent([wall for wall, _ in times], [cpu for _, cpu in times])
