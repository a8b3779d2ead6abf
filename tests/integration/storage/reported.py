"""A clinic with a week of visits to report, some without evidence."""

from datetime import date
from pathlib import Path
from typing import Any

from config.settings import Settings
from streamer.backend import Backend
from streamer.bench.reports.made_period import Maker, honest_visits
from streamer.bench.reports.made_site import REPORTS
from streamer.bench.reports.write_period import write_period
from streamer.clock import Clock
from streamer.domain.patient import Patient
from streamer.domain.report.period import Period, PeriodKind
from streamer.domain.report.revision import Revision
from streamer.domain.report.row import ReportRow
from streamer.domain.verdict import VerdictKind
from streamer.reporting.runs import ReportRuns
from streamer.storage.profile import place_of_profile, profile_bytes
from tests.integration.storage.clinic import SITE, Clinic
from tests.integration.web.clinic_backend import clinic_backend

WEEK = Period.containing(PeriodKind.WEEK, date(2026, 11, 16))


def report_settings(**more: Any) -> Settings:
    """Two buildings with three entrances, all watched."""
    site = {
        "id": SITE.id,
        "name": SITE.name,
        "time_zone": SITE.time_zone,
        "buildings": ["main", "annex"],
        "opening_hours": {"mon-sat": "08:00-20:00"},
    }
    cameras = [
        {"id": one, "url": "rtsp://127.0.0.1/1", "building": building, "entrance": entrance}
        for one, building, entrance in (
            ("lobby-1", "main", "front"),
            ("lobby-2", "main", "back"),
            ("annex-1", "annex", "front"),
        )
    ]
    return Settings.model_validate(
        {"site": site, "cameras": cameras, "reports": REPORTS.model_dump()} | more
    )


async def reported(clinic: Clinic, home: Path, clock: Clock | None = None, **more: Any) -> Backend:
    """A backend over a database with the week's visits."""
    await fill_week(clinic)
    return clinic_backend(
        clinic.database, report_settings(**more), clinic.schedules(), clock or clinic.clock, home
    )


async def fill_week(clinic: Clinic) -> None:
    """Write the week's visits."""
    made = Maker(WEEK.first, WEEK.days, seed=9)
    honest_visits(made, 240)
    await write_period(clinic.database, SITE.id, made)
    await _give_keys(clinic)


async def rows_of(runs: ReportRuns, revision: Revision) -> list[ReportRow]:
    """All of a revision's rows."""
    return [row async for _, rows in runs.rows(revision) for row in rows]


async def unverified(runs: ReportRuns, revision: Revision) -> list[ReportRow]:
    """Those that may be answered."""
    rows = await rows_of(runs, revision)
    return [row for row in rows if row.verdict is VerdictKind.UNVERIFIED]


async def _give_keys(clinic: Clinic) -> None:
    """The generator's patients have neither profile nor key."""
    vault = clinic.database.vault
    async with clinic.as_owner() as connection:
        rows = await connection.fetch("SELECT patient_id, patient_ref FROM patients")
        sealed = []
        for row in rows:
            person = row["patient_id"]
            key = vault.new_data_key(person)
            profile = profile_bytes(Patient(row["patient_ref"], "Full Name"))
            sealed.append((person, key, vault.seal(key, place_of_profile(person), profile)))
        await connection.executemany(
            "UPDATE patients SET wrapped_key = $2, sealed_profile = $3 WHERE patient_id = $1",
            sealed,
        )
