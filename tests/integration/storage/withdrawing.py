"""A command that withdraws and is killed before it has cleaned up. Run by `test_remnants`."""

import asyncio
import sys
from pathlib import Path

from config.settings import Database as Limits
from streamer.domain.actor import SERVICE
from streamer.storage.database import open_database
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import CHECK_IN, NOW, SITE, Clinic


async def main(url: str, key: str, patient_ref: str) -> None:
    async with open_database(url, Limits(), SITE, Path(key)) as database:
        clinic = Clinic(database, FakeClock(NOW))
        await clinic.consents().withdraw(patient_ref, (CHECK_IN,), SERVICE, NOW)
        sys.stdout.write("committed\n")
        sys.stdout.flush()
        await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
