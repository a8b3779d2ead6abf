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
from tests.integration.storage.clinic import NOW, SITE
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
