"""`kirdi status` tells of jobs that fail, and of a home folder that is another site's."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from streamer.clock import SystemClock
from streamer.commands.status import status
from streamer.home_site import claim_home
from streamer.service_lock import only_service_of
from streamer.storage.job_runs import PostgresJobRuns
from tests.integration.storage.clinic import SITE, Clinic

MINUTE = timedelta(minutes=1)


@pytest.fixture
def written(migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of a site with a database of its own."""
    file = tmp_path / "kirdi.yaml"
    site = {"id": SITE.id, "name": SITE.name, "time_zone": SITE.time_zone}
    file.write_text(yaml.safe_dump({"site": site, "database": {"url": migrated_url}}))
    monkeypatch.setenv("KIRDI_HOME", str(tmp_path))
    return file


async def test_a_job_that_was_given_up_shows(
    clinic: Clinic, written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def troubles(config: Path = written) -> list[str]:
        await asyncio.to_thread(status, config, True)
        (found,) = json.loads(capsys.readouterr().out)
        assert found["running"] is True
        return found["troubles"]  # type: ignore[no-any-return]

    async with only_service_of(tmp_path):
        assert await troubles() == []
        ledger = PostgresJobRuns(clinic.database.postgres, SITE.id)
        due = SystemClock().now() - timedelta(hours=3)
        period = f"{due.astimezone(ZoneInfo(SITE.time_zone)):%Y-%m-%d}"
        claim = await ledger.claim("retention", period, due, MINUTE)
        assert claim is not None
        await ledger.failed(claim, "no login for retention", None)
        (said,) = await troubles()
        assert said.startswith(f"job retention, period {period}: given up (no login for retention)")
        await asyncio.to_thread(status, written, False)
        shown = capsys.readouterr()
        assert "The service runs" in shown.out
        assert f"warning: {said}" in shown.err
        (said,) = await troubles(tmp_path / "absent.yaml")
        assert said.startswith("jobs are not looked at: ")
        claim_home(tmp_path, "other-1")
        (said,) = await troubles()
        assert f"belongs to site other-1, and site.id is {SITE.id}" in said
