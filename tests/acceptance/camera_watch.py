"""Follows the cameras of a running service over its control socket."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from streamer.control.client import ask
from streamer.control.messages import Request, Verb
from streamer.domain.camera_report import CameraReport
from streamer.domain.camera_state import CameraStatus
from streamer.errors import KirdiError

_EVERY_S = 0.2


@dataclass
class CameraWatch:
    """The latest report of every camera, and every status and reason since `forget`."""

    home: Path
    reports: dict[str, CameraReport] = field(default_factory=dict)
    seen: dict[str, list[tuple[CameraStatus, str]]] = field(default_factory=dict)
    at: float = 0.0

    async def run(self) -> None:
        """Ask again and again, until cancelled."""
        while True:
            try:
                reply = await asyncio.to_thread(ask, self.home, Request(Verb.STATUS))
            except KirdiError:
                await asyncio.sleep(_EVERY_S)
                continue
            self.at = time.monotonic()
            for report in reply.cameras:
                state = report.state
                self.reports[state.camera_id] = report
                history = self.seen.setdefault(state.camera_id, [])
                if not history or history[-1] != (state.status, state.reason):
                    history.append((state.status, state.reason))
            await asyncio.sleep(_EVERY_S)

    def forget(self, camera_id: str) -> None:
        """Begin a camera's history anew."""
        self.seen[camera_id] = []

    async def until(
        self, condition: Callable[[], bool], seconds: float, camera_id: str, what: str
    ) -> None:
        """Wait until something holds.

        Raises:
            AssertionError: It took longer than `seconds`.
        """
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < seconds, self._words(camera_id, what)
            await asyncio.sleep(0.05)

    def _words(self, camera_id: str, what: str) -> str:
        told = [f"{status}: {reason}" for status, reason in self.seen.get(camera_id, [])]
        return f"{camera_id} {what}; it was {'; '.join(told[:6]) or 'never seen'}"

    def has_been(self, camera_id: str, status: CameraStatus, reason: str) -> bool:
        """Whether it was in this state, for a reason that matches, since `forget`."""
        history = self.seen.get(camera_id, [])
        return any(then is status and re.search(reason, why) for then, why in history)

    def delivers(self, camera_id: str, since: int) -> bool:
        """Whether it streams now, and has decoded more than `since` frames."""
        state = self.reports[camera_id].state
        return state.status is CameraStatus.STREAMING and state.decoded > since + 3
