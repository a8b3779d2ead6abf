"""Processes that all write check-ins at the same moment. Run as a module it is one of them."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from config.settings import Database as Limits
from streamer.domain.check_in import CheckIn, Recorded
from streamer.storage.check_ins import PostgresCheckIns
from streamer.storage.database import open_database
from streamer.storage.schedules import ScheduleCache
from tests.data import ROOT
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import NOW, SITE, WINDOW, ZONE

_CHECK_INS = TypeAdapter(list[CheckIn])


async def raced(url: str, key_file: Path, parts: Sequence[Sequence[CheckIn]]) -> list[Recorded]:
    """Write each part from a process of its own, all of them at once; what became of each."""
    racers = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.storage.racing",
            *(url, str(key_file), _CHECK_INS.dump_json(list(part)).decode()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        for part in parts
    ]
    try:
        for one in racers:
            assert one.stdout is not None
            assert await asyncio.wait_for(one.stdout.readline(), 60) == b"READY\n"
        finished = await asyncio.gather(*(one.communicate(b"go\n") for one in racers))
    finally:
        for one in racers:
            if one.returncode is None:
                one.kill()
                await one.wait()
    return [Recorded(word) for out, _ in finished for word in json.loads(out)]


async def _race(url: str, key_file: Path, check_ins: Sequence[CheckIn]) -> list[Recorded]:
    clock = FakeClock(NOW)
    async with open_database(url, Limits(), SITE, key_file) as database:
        schedules = ScheduleCache(database.postgres, None, SITE.id, ZONE, clock)
        writer = PostgresCheckIns(database.postgres, clock, schedules, *WINDOW, ZONE)
        sys.stdout.write("READY\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        return await asyncio.gather(*(writer.record(one) for one in check_ins))


if __name__ == "__main__":
    done = asyncio.run(_race(sys.argv[1], Path(sys.argv[2]), _CHECK_INS.validate_json(sys.argv[3])))
    sys.stdout.write(json.dumps(done))
