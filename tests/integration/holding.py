"""What the tests of the embedded servers share, above all a handle on a `holder.py` process."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg

from config.settings import Database, Redis
from streamer.embedded import process
from streamer.embedded.services import EmbeddedServers, Services, embedded_services
from tests.data import ROOT


class Holding:
    """Starts the process at once; killed at the latest when the `with` ends."""

    def __init__(
        self, home: Path, command: Sequence[str] = (sys.executable,), uid: int | None = None
    ) -> None:
        self._words: dict[str, Any] | None = None
        self._complaint: str | None = None
        self._process = subprocess.Popen(
            [*command, "-m", "tests.integration.holder", str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def database_url(self) -> str:
        return str(self.ready()["database_url"])

    @property
    def owner_url(self) -> str:
        return str(self.ready()["owner_url"])

    @property
    def redis_url(self) -> str:
        return str(self.ready()["redis_url"])

    def ready(self) -> dict[str, Any]:
        """Wait until the servers run; what the process says of them."""
        if self._words is None:
            assert self._process.stdout is not None
            for line in self._process.stdout:
                if line.startswith("READY "):
                    self._words = json.loads(line.removeprefix("READY "))
                    break
            assert self._words is not None, self.complaint()
        return self._words

    def complaint(self) -> str:
        """Wait for the process to fail; its error output."""
        if self._complaint is None:
            self._complaint = self._process.communicate(timeout=60)[1]
        return self._complaint

    def leave(self) -> None:
        """Let the process end in its own way."""
        self.ready()
        _, error = self._process.communicate(timeout=60)
        assert self._process.returncode == 0, error

    def kill(self) -> None:
        """`kill -9`."""
        self._process.kill()
        self._process.communicate(timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self.kill()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


def end_all(home: Path) -> None:
    """Kill whatever servers a test left in a home, so that none outlives the run."""
    for lock in (home / "embedded" / "postgres.lock", home / "embedded" / "redis.lock"):
        if process.is_running(lock):
            assert process.stop(lock, ())


def pids(home: Path) -> list[int | None]:
    return [server.pid for server in EmbeddedServers(home).status()]


def users(home: Path) -> list[tuple[int, ...]]:
    return [server.used_by for server in EmbeddedServers(home).status()]


async def execute(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url, timeout=5, command_timeout=5)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def start_and_stop(home: Path) -> Services:
    """One short command: have both servers, ask each something, let go."""

    async def command() -> Services:
        async with embedded_services(Database(), Redis(), home) as services:
            assert await execute(services.database_url, "SELECT 1") == 1
            return services

    services = asyncio.run(command())
    assert pids(home) == [None, None]
    return services
