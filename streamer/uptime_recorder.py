"""Writes what the cameras did, and when, to the database. Fed by the camera supervisors.

Reports rest on these intervals: they tell "nobody came" from "nobody was looking".
"""

import asyncio
from collections import deque
from datetime import datetime
from typing import Protocol

import structlog

from streamer.clock import Clock
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.errors import DatabaseError

log = structlog.get_logger(__name__)

HEARTBEAT_S = 5.0
# More than a day of changes of twenty bad cameras; beyond it the oldest go.
MOST_WAITING = 10_000


class UptimeStore(Protocol):
    """Where the intervals go."""

    async def recover(self) -> int:
        """Close, at their last heartbeat, the intervals a crash left open."""
        ...

    async def record(self, state: CameraState) -> None:
        """Close the camera's open interval and begin the next."""
        ...

    async def heartbeat(self, now: datetime) -> None:
        """Say that the open intervals still hold."""
        ...

    async def close(self, now: datetime) -> None:
        """Close the open intervals: the service stops."""
        ...


class UptimeRecorder:
    """Keeps changes in order while the database is away."""

    def __init__(self, store: UptimeStore, clock: Clock) -> None:
        """Keep the collaborators; `run` does the work."""
        self._store = store
        self._clock = clock
        self._waiting: deque[CameraState] = deque(maxlen=MOST_WAITING)
        self._last: dict[str, tuple[str, str]] = {}
        self._changed = asyncio.Event()

    def note(self, state: CameraState) -> None:
        """Take in a state; only changes of status or reason are kept. Called on the loop."""
        key = (state.status.value, state.reason)
        if self._last.get(state.camera_id) == key:
            return
        self._last[state.camera_id] = key
        self._waiting.append(state)
        self._changed.set()
        fine = state.status in (CameraStatus.STARTING, CameraStatus.STREAMING)
        write = log.info if fine else log.warning
        write("camera", camera=state.camera_id, status=state.status.value, reason=state.reason)

    async def run(self, stop: asyncio.Event) -> None:
        """Write changes as they come and a heartbeat in between, until stopped."""
        away, recovered = False, False
        while True:
            self._changed.clear()
            stopping = stop.is_set()
            try:
                if not recovered:
                    await self._store.recover()
                    recovered = True
                await self._write()
                if stopping:
                    await self._store.close(self._clock.now())
                away = False
            except DatabaseError as error:
                if not away:
                    log.warning("camera uptime not written", reason=str(error))
                away = True
            if stopping:
                return
            await self._pause(stop)

    async def _write(self) -> None:
        while self._waiting:
            await self._store.record(self._waiting[0])
            self._waiting.popleft()
        await self._store.heartbeat(self._clock.now())

    async def _pause(self, stop: asyncio.Event) -> None:
        waits = [
            asyncio.ensure_future(self._changed.wait()),
            asyncio.ensure_future(self._clock.sleep(HEARTBEAT_S, stop)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
