"""The handle of an `ingest_service` process. Used by the fuzz and soak commands."""

import asyncio
import json
import subprocess
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.data import ROOT

_LONGEST_LINE = 1 << 20


class ServiceDiedError(Exception):
    """The service process crashed, or says nothing any more."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to one connection: `started`, `picture`, `failed`, `closed`."""

    camera: str
    event: str
    text: str


@dataclass(frozen=True, slots=True)
class CameraRow:
    """A camera's state and totals, as of the last beat."""

    camera: str
    status: str
    reason: str
    decoded: int
    analysed: int
    restarts: int


class ServiceProcess:
    """One `ingest_service`, from `start` to `stop`."""

    def __init__(self, on_event: Callable[[Event], None] = lambda _: None) -> None:
        """Make a handle; nothing is started.

        Args:
            on_event: Called on the loop with each event.
        """
        self._on_event = on_event
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._heard_at = 0.0
        self.rows: dict[str, CameraRow] = {}
        self.beats = 0
        self.longest_lag_s = 0.0
        self.longest_silence_s = 0.0

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self, cameras: Sequence[dict[str, Any]], *, hasty: bool) -> None:
        """Start it with the settings of its cameras.

        Args:
            cameras: As in the settings file.
            hasty: Hardly wait between connections.
        """
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.harness.ingest_service"),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            limit=_LONGEST_LINE,
        )
        assert self._process.stdin is not None
        order = {"cameras": list(cameras), "hasty": hasty}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._heard_at = time.monotonic()
        self._reading = asyncio.create_task(self._read())

    def check(self, silence_s: float = 5.0) -> None:
        """See that it lives and answers.

        Raises:
            ServiceDiedError: It does not.
        """
        assert self._process is not None
        if self._process.returncode is not None:
            raise ServiceDiedError(f"the service ended with {self._process.returncode}")
        if time.monotonic() - self._heard_at > silence_s:
            raise ServiceDiedError(f"the service has said nothing for {silence_s:g} s")

    async def stop(self) -> float:
        """Ask it to end; seconds until it had.

        Raises:
            ServiceDiedError: It had to be killed, or failed.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._reading is not None
        began = time.monotonic()
        self._process.stdin.close()
        try:
            async with asyncio.timeout(15):
                code = await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise ServiceDiedError("the service does not stop") from None
        finally:
            await self._reading
        if code != 0:
            raise ServiceDiedError(f"the service ended with {code}")
        return time.monotonic() - began

    async def kill(self) -> None:
        """End it at once; its decoders die with it. Harmless where it has ended."""
        assert self._process is not None
        assert self._reading is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            now = time.monotonic()
            self.longest_silence_s = max(self.longest_silence_s, now - self._heard_at)
            self._heard_at = now
            told = json.loads(line)
            if "event" in told:
                self._on_event(Event(**told))
            else:
                self.beats += 1
                self.longest_lag_s = max(self.longest_lag_s, told["lag_s"])
                self.rows = {row["camera"]: CameraRow(**row) for row in told["states"]}
