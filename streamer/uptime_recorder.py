"""Writes what the cameras did, and when, to the database. Fed by the camera supervisors.

Reports rest on these intervals: they tell "nobody came" from "nobody was looking".
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
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
FROZEN_S = 15.0
"""A wait of `HEARTBEAT_S` that took so long by the wall clock: service or host stood still."""


# What is told in the log, and is nothing to worry about.
_FINE = frozenset({CameraStatus.STARTING, CameraStatus.STREAMING, CameraStatus.DISABLED})


class UptimeStore(Protocol):
    """Where the intervals go."""

    async def recover(self) -> int:
        """Close, at their last heartbeat, the intervals a crash left open."""
        ...

    async def record(self, state: CameraState) -> None:
        """Close the camera's open interval and begin the next."""
        ...

    async def end(self, camera_id: str, at: datetime) -> None:
        """Close the camera's open interval; none follows."""
        ...

    async def heartbeat(self, now: datetime) -> None:
        """Say that the open intervals still hold."""
        ...

    async def close(self, now: datetime) -> None:
        """Close the open intervals: the service stops."""
        ...


@dataclass(frozen=True, slots=True)
class _Removed:
    """A camera that is no more."""

    camera_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Gap:
    """The time after the last heartbeat was not covered, whatever the intervals say."""


_Change = CameraState | _Removed | _Gap


class UptimeRecorder:
    """Keeps changes in order while the database is away."""

    def __init__(self, store: UptimeStore, clock: Clock, blind_after_s: float) -> None:
        """Keep the collaborators; `run` does the work.

        Args:
            store: Where the intervals go.
            clock: Wall and monotonic time.
            blind_after_s: After so long without the database nobody is recognised any more.
        """
        self._blind_after_s = blind_after_s
        self._store = store
        self._clock = clock
        self._waiting: deque[_Change] = deque(maxlen=MOST_WAITING)
        self._last: dict[str, CameraState] = {}
        self._alive_at = clock.monotonic()
        self._changed = asyncio.Event()

    def note(self, state: CameraState) -> None:
        """Take in a state; only changes of status or reason are kept. Called on the loop."""
        last = self._last.get(state.camera_id)
        if last is not None and (last.status, last.reason) == (state.status, state.reason):
            return
        self._last[state.camera_id] = state
        self._waiting.append(state)
        self._changed.set()
        fine = state.status in _FINE or state.reason == "stopped"
        write = log.info if fine else log.warning
        write("camera", camera=state.camera_id, status=state.status.value, reason=state.reason)

    def forget(self, camera_id: str, at: datetime) -> None:
        """Take in that a camera was removed. Called on the loop."""
        if self._last.pop(camera_id, None) is not None:
            self._waiting.append(_Removed(camera_id, at))
            self._changed.set()
            log.info("camera", camera=camera_id, status="removed", reason="")

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
            await self._rest(stop)

    async def _write(self) -> None:
        if self._clock.monotonic() - self._alive_at > self._blind_after_s:
            # So long without the database, nobody was recognised any more.
            self._leave_gap(())
        while self._waiting:
            change = self._waiting[0]
            match change:
                case _Gap():
                    await self._store.recover()
                case _Removed():
                    await self._store.end(change.camera_id, change.at)
                case CameraState():
                    await self._store.record(change)
            # Only now, and only if it is still there: a full queue may have let it go meanwhile.
            if self._waiting and self._waiting[0] is change:
                self._waiting.popleft()
        await self._store.heartbeat(self._clock.now())
        self._alive_at = self._clock.monotonic()

    def _leave_gap(self, before: Iterable[_Change]) -> None:
        """Write `before`, end the intervals at the last heartbeat and begin anew.

        Whatever the cameras saw or said since, the time in between was not covered.
        """
        now = self._clock.now()
        self._waiting.clear()
        self._waiting.extend(before)
        self._waiting.append(_Gap())
        self._waiting.extend(
            replace(state, since=now, changed_at=now) for state in self._last.values()
        )

    async def _rest(self, stop: asyncio.Event) -> None:
        """Wait for a change or the next heartbeat; notice when the machine stood still meanwhile.

        Wall time, because monotonic time stands still while a host is suspended. Only the wait is
        measured: a database may take longer over a write, and the cameras are watched all the same.
        """
        before, began = tuple(self._waiting), self._clock.now()
        await self._pause(stop)
        frozen_s = (self._clock.now() - began).total_seconds()
        if frozen_s > FROZEN_S:
            log.warning("the service stood still", seconds=round(frozen_s))
            self._leave_gap(before)

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
