"""A command that rotates the key, in small steps, so that it can be killed anywhere.

Run by `test_key_rotation`.
"""

import asyncio
import sys
from pathlib import Path

from config.settings import Database as Limits
from streamer.crypto.key_source import KeySources
from streamer.storage import key_rotation
from streamer.storage.database import open_database
from streamer.storage.remnants import Remnants
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import NOW, SITE, Clinic
from tests.integration.storage.rotation import rotate


async def main(url: str, key: str) -> None:
    key_rotation.BATCH = 2
    sources = KeySources.of_file(Path(key))
    async with open_database(url, Limits(), SITE, sources) as database:
        sys.stdout.write("open\n")
        sys.stdout.flush()
        clinic = Clinic(database, FakeClock(NOW))
        await rotate(clinic, sources)
        await Remnants(database.postgres, clinic.clock).destroy()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
