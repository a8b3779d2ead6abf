"""A made-up period in a clinic's database, and whoever makes reports of it."""

from pathlib import Path

from config.settings import Settings
from streamer.backend import Backend
from streamer.bench.reports.made_period import Maker, honest_visits
from streamer.bench.reports.made_settings import made_settings
from streamer.bench.reports.planted_cases import plant
from streamer.bench.reports.write_period import write_period
from streamer.domain.report.period import Period
from streamer.domain.report.revision import Revision
from streamer.domain.report.row import ReportRow
from streamer.reporting.runs import ReportRuns
from tests.integration.storage.clinic import SITE, Clinic
from tests.integration.web.clinic_backend import clinic_backend


def settings(maker: Maker) -> Settings:
    """Those under which what the maker expects is right."""
    site = {"id": SITE.id, "name": SITE.name, "time_zone": SITE.time_zone}
    return Settings.model_validate(made_settings(maker, site))


async def written(clinic: Clinic, period: Period, appointments: int) -> Maker:
    """Write a period with every planted case."""
    maker = Maker(period.first, period.days, seed=9)
    honest_visits(maker, appointments)
    plant(maker)
    await write_period(clinic.database, SITE.id, maker)
    return maker


def backend_of(clinic: Clinic, maker: Maker, home: Path) -> Backend:
    return clinic_backend(clinic.database, settings(maker), clinic.schedules(), clinic.clock, home)


async def rows_of(runs: ReportRuns, revision: Revision) -> list[ReportRow]:
    return [row async for _, rows in runs.rows(revision) for row in rows]
