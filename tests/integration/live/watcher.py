"""The client's process, as a test watches it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any


class Watcher:
    """Everything the client has said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.said: list[dict[str, Any]] = []
        self._process = process

    @property
    def frames(self) -> list[dict[str, Any]]:
        return self.all("frame")

    def all(self, what: str) -> list[dict[str, Any]]:
        return [one for one in self.said if one["what"] == what]

    async def until(self, condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not condition():  # noqa: ASYNC110 - another process sets no asyncio events
                await asyncio.sleep(0.02)

    async def answer(self) -> dict[str, Any]:
        await self.until(lambda: bool(self.all("answer")))
        return self.all("answer")[0]

    async def sees(self, frames: int, timeout_s: float = 20.0) -> None:
        """Wait until so many more frames have been decoded."""
        wanted = len(self.frames) + frames
        await self.until(lambda: len(self.frames) >= wanted, timeout_s)

    def stall(self) -> None:
        """Have it do nothing at all from now on."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def kill(self) -> None:
        self._process.kill()

    async def leave(self) -> None:
        """Have it say goodbye, and wait until it has ended."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        async with asyncio.timeout(10):
            await self._process.wait()

    async def listen(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self.said.append(json.loads(line))


@asynccontextmanager
async def watching(url: str, token: str, camera: str, view: str = "") -> AsyncIterator[Watcher]:
    """A client meanwhile."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.live.client", url, token, camera),
        *(("--view", view) if view else ()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    watcher = Watcher(process)
    listening = asyncio.create_task(watcher.listen())
    try:
        yield watcher
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await listening
