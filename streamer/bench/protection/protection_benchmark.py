"""What protection costs: check-ins with the audit, galleries with decryption, beside without."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from config.settings import Settings
from streamer.backend import Backend, open_backend
from streamer.bench.as_owner import as_owner
from streamer.bench.protection.protection_figures import ProtectionFigures, rates, times
from streamer.bench.protection.unaudited_postgres import UnauditedPostgres
from streamer.bench.schedule.check_in_cost import check_in
from streamer.bench.schedule.large_clinic import PACK, LargeClinic, Visitor, write_clinic
from streamer.bench.schedule.set_clock import SetClock
from streamer.bench.throwaway_home import throwaway_home
from streamer.errors import KirdiError
from streamer.storage.queries import sql
from streamer.windows import presence_window

_ROUNDS: Final = 5
_GALLERY_ROUNDS: Final = 9
_SITE: Final = "bench"


@dataclass(frozen=True, slots=True)
class ProtectionBenchmark:
    """What to measure.

    Attributes:
        templates: Of the gallery; as many patients are checked in.
        at_once: Check-ins in flight.
        folder: Where the throwaway home is made.
    """

    templates: int
    at_once: int
    folder: Path

    async def run(self, progress: Callable[[str], None]) -> list[ProtectionFigures]:
        """Measure, in a home folder that is gone afterwards.

        Args:
            progress: Told, in words, what goes on.

        Raises:
            KirdiError: The database cannot be started, or something was not written.
        """
        async with throwaway_home(self.folder, None) as home, _opened(home, self.at_once) as opened:
            backend, clock = opened
            progress(f"writing a site with {self.templates} visitors")
            midday = datetime.combine(
                clock.now().astimezone(backend.settings.site.zone).date(),
                datetime.min.time().replace(hour=13),
                backend.settings.site.zone,
            )
            clock.set(midday)
            clinic = await write_clinic(
                backend.database, backend.settings.site, midday, self.templates
            )
            # What a server that has been running for a day knows about its tables.
            await as_owner(backend, "ANALYZE")
            progress(f"loading a gallery of {self.templates}")
            rows = [await self._gallery(backend, midday)]
            progress(f"checking in, {self.at_once} at once")
            rows.append(await self._check_ins(backend, clinic))
        return rows

    async def _gallery(self, backend: Backend, now: datetime) -> ProtectionFigures:
        source = backend.gallery(PACK)
        wanted = frozenset(one.template_id for one in await source.keys(now))
        ranges = presence_window(backend.settings).open_starts(now)
        starts = [one[0] for one in ranges], [one[1] for one in ranges]

        async def ours() -> None:
            if len(await source.templates(wanted, now)) != self.templates:
                raise KirdiError("benchmark: a template was not read")

        async def bare() -> None:
            async with backend.database.postgres.connection() as connection:
                found = await connection.fetch(
                    sql("gallery_templates"), _SITE, PACK, now, *starts, list(wanted)
                )
            if len(found) != self.templates:
                raise KirdiError("benchmark: a template was not read")

        spent = await _in_turns(ours, bare, _GALLERY_ROUNDS)
        return times("gallery", self.templates, *spent)

    async def _check_ins(self, backend: Backend, clinic: LargeClinic) -> ProtectionFigures:
        database = backend.database
        unaudited = replace(
            backend, database=replace(database, postgres=UnauditedPostgres(database.postgres))
        )
        count = self.templates // (2 * (_ROUNDS + 1))
        visitors = iter(clinic.today)

        async def ours() -> None:
            await self._all(backend, _some(visitors, count))

        async def bare() -> None:
            await self._all(unaudited, _some(visitors, count))

        spent = await _in_turns(ours, bare, _ROUNDS)
        return rates("check-ins", self.at_once, count, *spent)

    async def _all(self, backend: Backend, visitors: Iterator[Visitor]) -> None:
        async def worker() -> None:
            for one in visitors:
                await check_in(backend, _SITE, one)

        async with asyncio.TaskGroup() as group:
            for _ in range(self.at_once):
                group.create_task(worker())


def _some(visitors: Iterator[Visitor], count: int) -> Iterator[Visitor]:
    return iter([next(visitors) for _ in range(count)])


async def _in_turns(
    ours: Callable[[], Awaitable[None]], bare: Callable[[], Awaitable[None]], rounds: int
) -> tuple[list[float], list[float]]:
    """Seconds of each round; both once before, off the clock, and who is first changes."""
    spent: dict[bool, list[float]] = {True: [], False: []}
    await ours()
    await bare()
    for number in range(rounds):
        for protected in (number % 2 == 0, number % 2 == 1):
            began = time.perf_counter()
            await (ours if protected else bare)()
            spent[protected].append(time.perf_counter() - began)
    return spent[True], spent[False]


@asynccontextmanager
async def _opened(home: Path, at_once: int) -> AsyncIterator[tuple[Backend, SetClock]]:
    settings = Settings.model_validate(
        {
            "site": {"id": _SITE, "name": "Benchmark", "time_zone": "Asia/Almaty"},
            "database": {"pool_size": max(2, min(at_once, 50))},
            # Everybody may be recognised, and arrive, at midday.
            "arrival": {
                "opens_before_min": 240,
                "closes_after_min": 240,
                "presence_before_min": 240,
                "presence_after_min": 240,
            },
        }
    )
    clock = SetClock()
    async with open_backend(settings, home, clock) as backend:
        yield backend, clock
