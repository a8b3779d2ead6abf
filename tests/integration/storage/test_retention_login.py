"""Whom retention logs in as stands in the settings; where nobody fit does, that is said."""

import asyncio
from pathlib import Path

import pytest

from config.settings import Settings
from streamer.backend import open_backend
from streamer.jobs.job_runner import Ending
from streamer.site_jobs import RETENTION, site_jobs, why_not_deleted
from streamer.storage.database_role import DatabaseRole
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import NOW, SITE, Clinic, patient
from tests.servers import as_role


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        (None, "database.retention_url: is not set; it takes a login that is a member of"),
        (DatabaseRole.SERVICE, "may do more than kirdi_retention"),
        (DatabaseRole.OWNER, "may do more than kirdi_retention"),
        (DatabaseRole.RETENTION, None),
    ],
)
async def test_who_deletes(
    clinic_url: str, tmp_path: Path, role: DatabaseRole | None, reason: str | None
) -> None:
    database = {"url": clinic_url}
    if role is not None:
        database["retention_url"] = as_role(clinic_url, role)
    # Nobody listens there: it is done without.
    redis = {"url": "redis://127.0.0.1:1/0"}
    settings = Settings.model_validate({"site": SITE, "database": database, "redis": redis})
    async with open_backend(settings, tmp_path, FakeClock(NOW)) as backend:
        said = await why_not_deleted(backend)
        _, ended = await site_jobs(backend).run_by_hand(
            RETENTION, None, asyncio.Event(), again=False
        )
        (run,) = await backend.job_runs.runs(RETENTION, 5)
    if reason is None:
        assert (said, ended.ending, run.state) == (None, Ending.DONE, "done")
    else:
        assert (ended.ending, run.state) == (Ending.FAILED, "waiting")
        for one in (said, ended.error, run.error):
            assert one is not None
            assert reason in one


async def test_the_login_of_retention_removes_nothing_young_from_the_audit(clinic: Clinic) -> None:
    """Whoever has taken over the service finds that login, too."""
    await clinic.import_patients(patient(1))
    before = await clinic.count("audit_events")
    assert before
    async with clinic.as_retention() as retention, retention.connection() as connection:
        for age in ("-10 years", "0 days", "28 days", "30 days"):
            removed = await connection.fetchval(
                f"SELECT kirdi_audit_prune($1, clock_timestamp() - interval '{age}')", SITE.id
            )
            assert removed == 0, age
    assert await clinic.count("audit_events") == before
    # The owner can do anything, and does not have to take a function for it.
    assert await clinic.row_as_owner(
        "SELECT kirdi_audit_prune($1, clock_timestamp())", SITE.id
    ) == (before,)
