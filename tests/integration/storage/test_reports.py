"""Reports as they are kept: whole or not at all, one revision after the other, never changed."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from config.settings import Settings
from streamer.backend import Backend
from streamer.bench.reports.made_period import Maker, honest_visits
from streamer.bench.reports.made_site import REPORTS
from streamer.bench.reports.planted_cases import plant
from streamer.bench.reports.write_period import write_period
from streamer.domain.actor import Actor
from streamer.domain.report.period import Period, PeriodKind
from streamer.domain.report.revision import ReportState, Revision
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.report.scope import Scope, ScopeKind
from streamer.errors import AuditError, DatabaseError
from streamer.report_runs import ReportRuns
from streamer.reports.report_json import digest_of, header_of, line_of
from streamer.storage.reports import OpenRevision
from tests.integration.storage.clinic import SITE, Clinic
from tests.integration.web.clinic_backend import clinic_backend

JULY = Period.containing(PeriodKind.MONTH, date(2026, 7, 1))
NINA = Actor("nina")


def settings() -> Settings:
    site = {"id": SITE.id, "name": SITE.name, "time_zone": SITE.time_zone}
    site |= {"buildings": ["main", "annex"], "opening_hours": {"mon-sat": "08:00-20:00"}}  # type: ignore[dict-item]
    cameras = [
        {"id": one, "url": "rtsp://127.0.0.1/1", "building": building, "entrance": entrance}
        for one, building, entrance in (
            ("lobby-1", "main", "front"),
            ("lobby-2", "main", "back"),
            ("annex-1", "annex", "front"),
        )
    ]
    reports = REPORTS.model_dump() | {"entrances": {"annex": ["front", "side"]}}
    return Settings.model_validate({"site": site, "cameras": cameras, "reports": reports})


@pytest.fixture
async def backend(clinic: Clinic, tmp_path: Path) -> Backend:
    made = Maker(JULY.first, JULY.days, seed=9)
    honest_visits(made, 300)
    plant(made)
    await write_period(clinic.database, SITE.id, made)
    return clinic_backend(clinic.database, settings(), clinic.schedules(), clinic.clock, tmp_path)


async def rows_of(runs: ReportRuns, revision: Revision) -> list[ReportRow]:
    return [row async for _, rows in runs.rows(revision) for row in rows]


async def test_a_revision_is_kept_with_its_rows(backend: Backend) -> None:
    runs = ReportRuns(backend)
    told: list[tuple[int, int]] = []
    made = await runs.make(JULY, NINA, lambda done, of: told.append((done, of)))
    assert told[-1] == (JULY.days, JULY.days)
    assert (made.entry.number, made.entry.state) == (1, ReportState.PRELIMINARY)
    assert await runs.entries() == [made.entry]
    again = await runs.revision(made.entry.report_id)
    assert again == made
    rows = await rows_of(runs, again)
    total = made.report.total
    assert sum(row.kind is RowKind.APPOINTMENT for row in rows) == total.appointments > 200
    assert sum(row.certain for row in rows) == total.certain.claims > 0
    assert made.report.call_backs
    assert made.report.coverage
