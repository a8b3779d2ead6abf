"""How long a report takes, and how much memory: a month of a large polyclinic, and a year."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any, Final

from config.settings import Settings
from streamer.backend import open_backend
from streamer.bench.as_owner import as_owner
from streamer.bench.child import Child
from streamer.bench.reports.made_period import Maker, honest_visits
from streamer.bench.reports.made_settings import made_settings
from streamer.bench.reports.made_site import local
from streamer.bench.reports.planted_cases import plant
from streamer.bench.reports.repeat_period import repeat_period
from streamer.bench.reports.write_period import write_claims, write_visits
from streamer.bench.throwaway_home import throwaway_home
from streamer.clock import SystemClock

_SITE: Final = "bench"
_FIRST: Final = date(2025, 6, 2)  # a Monday
_DAYS: Final = 28
_LIMIT_S: Final = 3600.0
# What PostgreSQL does by itself in the hours after much was written: not while one is measured.
_TIDY: Final = "VACUUM ANALYZE"
_CHILD: Final = "streamer.bench.reports.report_child"


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """One report's making.

    Attributes:
        seconds: From the first statement to the commit.
        cpu_s: Of the processes that make it; the database's are not among them.
        peak_mb: The most memory they ever had together, with everything they are made of.
        per_100k_s: Seconds of 100,000 appointments.
    """

    days: int
    appointments: int
    claims: int
    seconds: float
    cpu_s: float
    peak_mb: float
    per_100k_s: float


@dataclass(frozen=True, slots=True)
class ReportsBenchmark:
    """What to measure.

    Attributes:
        appointments: Of four weeks.
        blocks: How many times four weeks, one after the other, each longer period is.
        folder: Where the throwaway home is made.
    """

    appointments: int
    blocks: tuple[int, ...]
    folder: Path

    async def run(self, progress: Callable[[str], None]) -> list[ReportFigures]:
        """Measure, in a home folder that is gone afterwards: without claims first, then with them.

        Raises:
            KirdiError: The database cannot be started, or a report not be made.
        """
        maker = Maker(_FIRST, _DAYS, seed=9)
        honest_visits(maker, self.appointments)
        plant(maker)
        settings = made_settings(
            maker, {"id": _SITE, "name": "Benchmark", "time_zone": "Asia/Almaty"}
        )
        settings["database"] = {"command_timeout_s": 60.0}
        async with throwaway_home(self.folder, None) as home:
            return [one async for one in self._figures(home, maker, settings, progress)]

    async def _figures(
        self, home: Path, maker: Maker, settings: dict[str, Any], progress: Callable[[str], None]
    ) -> AsyncIterator[ReportFigures]:
        parsed = Settings.model_validate(settings)
        async with open_backend(parsed, home, SystemClock()) as backend:
            progress(f"writing four weeks with {self.appointments} appointments")
            await write_visits(backend.database, _SITE, maker)
            await as_owner(backend, _TIDY)
            yield await self._measured(home, settings, 1, progress)
            progress(f"writing {len(maker.period.claims)} claims")
            await write_claims(backend.database, _SITE, maker.period)
            await as_owner(backend, _TIDY)
            del maker.period
            yield await self._measured(home, settings, 1, progress)
            begin = local(_FIRST, 0).astimezone(UTC)
            end = local(_FIRST + timedelta(days=_DAYS), 0).astimezone(UTC)
            if self.blocks:
                progress(f"writing {max(self.blocks)} times as much")
                await repeat_period(backend.database, _SITE, (begin, end), max(self.blocks) - 1)
                await as_owner(backend, _TIDY)
            for blocks in self.blocks:
                yield await self._measured(home, settings, blocks, progress)

    async def _measured(
        self, home: Path, settings: dict[str, Any], blocks: int, progress: Callable[[str], None]
    ) -> ReportFigures:
        last = _FIRST + timedelta(days=_DAYS * blocks - 1)
        progress(f"making the report of {_FIRST} to {last}")
        said = {"settings": settings, "home": str(home), "first": f"{_FIRST}", "last": f"{last}"}
        async with Child.running(_CHILD, json.dumps(said).encode(), home) as child:
            found = json.loads(await child.answer(_LIMIT_S))
        return ReportFigures(**found, per_100k_s=found["seconds"] / found["appointments"] * 100_000)
