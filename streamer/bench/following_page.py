"""A page that follows the day, as far as the benchmark needs one. Made by `console_pages_child`."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from streamer.errors import KirdiError

_OPEN_S: Final = 30.0


class BenchPage:
    """One connection that reads events; says of each row when it came."""

    def __init__(self, url: str, token: str, heard: Callable[[str, float], None]) -> None:
        """Say where, as whom, and who is told a row's key and the moment (`time.monotonic`)."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._host, self._port, self._place = parts.hostname, parts.port, parts.netloc
        self._token = token
        self._heard = heard
        self.cut = False

    async def run(self, ready: asyncio.Event) -> None:
        """Follow until cancelled; sets `ready` once it does. Raises KirdiError."""
        async with asyncio.timeout(_OPEN_S):
            reader, writer = await asyncio.open_connection(
                self._host, self._port, limit=4 * 1024 * 1024
            )
            writer.write(
                (
                    f"GET /api/v1/events HTTP/1.1\r\nHost: {self._place}\r\n"
                    f"Authorization: Bearer {self._token}\r\n\r\n"
                ).encode()
            )
            status = await reader.readline()
        if b" 200 " not in status:
            raise KirdiError(f"benchmark: events are refused ({status.decode().strip()})")
        try:
            name = b""
            while line := await reader.readline():
                if line.startswith(b"event: "):
                    name = line[7:].strip()
                    if name == b"following":
                        ready.set()
                    elif name == b"reload":
                        self.cut = True
                elif line.startswith(b"data: ") and name == b"appointments":
                    moment = time.monotonic()
                    for row in json.loads(line[6:]):
                        self._heard(row["key"], moment)
            self.cut = True
        finally:
            writer.close()
