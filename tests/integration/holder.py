"""A process that uses the embedded servers until its input ends: `python -m ... HOME`.

Prints one line of JSON when they run: their pids and URLs.
"""

import asyncio
import json
import sys
from pathlib import Path

from config.settings import Database, Redis
from streamer.embedded.services import EmbeddedServers, embedded_services
from streamer.storage.database_role import DatabaseRole


async def main(home: Path) -> None:
    async with embedded_services(Database(), Redis(), home) as services:
        servers = await asyncio.to_thread(EmbeddedServers(home).status)
        words = {
            "pids": [server.pid for server in servers],
            "database_url": services.database_url,
            "owner_url": services.url_as(DatabaseRole.OWNER),
            "redis_url": services.redis_url,
        }
        sys.stdout.write(f"READY {json.dumps(words)}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
