"""Whom retention logs in as stands in the settings; where nobody fit does, that is said."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from config.settings import Settings
from streamer.backend import open_backend
from streamer.jobs.job_runner import Ending
from streamer.site_jobs import RETENTION, site_jobs, why_not_deleted
from streamer.storage.database_role import DatabaseRole
from streamer.storage.migrations.versions.m0012_jobs import YOUNG
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import NOW, SITE, Clinic, patient
from tests.integration.storage.filled import connect
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


@pytest.mark.parametrize(
    ("table", "which", "dated"),
    [
        ("status_changes", "true", "occurred_at = {at}"),
        ("check_ins", "true", "occurred_at = {at}"),
        ("erasures", "true", "erased_at = {at}, files_clean_at = {at}, log_clean_at = {at}"),
        ("consents", "status = 'inactive'", "ended_at = {at}, withdrawn_at = {at}"),
        ("patients", "patient_id = '{alone}'", "updated_at = {at}"),
    ],
)
async def test_nor_from_the_evidence(
    filled: str, owner: asyncpg.Connection, table: str, which: str, dated: str
) -> None:
    """Nobody's own right but the age of a row decides."""
    for guard in YOUNG:
        await owner.execute(guard)
    alone = await owner.fetchval("SELECT patient_id FROM patients WHERE patient_ref = 'P-4'")
    which = which.format(alone=alone)
    session = await connect(as_role(filled, DatabaseRole.RETENTION))
    for days, deleted in ((0, 0), (28, 0), (30, 1)):
        at = f"clock_timestamp() - interval '{days} days'"
        changed = await owner.execute(f"UPDATE {table} SET {dated.format(at=at)} WHERE {which}")
        assert changed == "UPDATE 1"
        done = await session.execute(f"DELETE FROM {table} WHERE {which}")
        assert done == f"DELETE {deleted}", days
    await session.close()
