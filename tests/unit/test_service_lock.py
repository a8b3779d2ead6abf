"""One service per home folder, and a health check at the wrong instant is none."""

import asyncio
import fcntl
from pathlib import Path

import pytest

from streamer.commands.health import service_runs
from streamer.errors import KirdiError
from streamer.service_lock import only_service_of


async def test_a_second_service_is_refused(tmp_path: Path) -> None:
    async with only_service_of(tmp_path):
        assert service_runs(tmp_path)
        with pytest.raises(KirdiError, match="another one runs"):
            async with only_service_of(tmp_path):
                pass
    assert not service_runs(tmp_path)


async def test_a_health_check_at_that_instant_stops_no_start(tmp_path: Path) -> None:
    (tmp_path / "service.lock").touch(mode=0o600)
    with (tmp_path / "service.lock").open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        asyncio.get_running_loop().call_later(0.2, fcntl.flock, looking, fcntl.LOCK_UN)
        async with only_service_of(tmp_path):
            assert service_runs(tmp_path)
