"""Looks at the cameras' counters: how fast each is, and whether all must slow. Run by `app`."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from streamer.cameras.load_governor import Level, LoadGovernor
from streamer.clock import Clock
from streamer.domain.camera_state import CameraState, CameraStatus

log = structlog.get_logger(__name__)

_EVERY_S: Final = 2.0
_LOOKS: Final = 6
_WARM_S: Final = 10.0
"""A camera that has just begun to deliver says nothing yet about the machine."""
_DELIVERS: Final = (CameraStatus.STREAMING, CameraStatus.DEGRADED)


@dataclass(frozen=True, slots=True)
class FrameRates:
    """Frames a second over the last ten seconds or so."""

    decoded: float = 0.0
    analysed: float = 0.0
    dropped: float = 0.0


class PacedCameras(Protocol):
    """The cameras as seen from here."""

    @property
    def states(self) -> Sequence[CameraState]:
        """What each is doing, with its counters."""
        ...

    def pace(self, level: Level) -> None:
        """Have all of them analysed at this pace."""
        ...


class LoadWatch:
    """Takes the counters every two seconds; the governor decides, the cameras are told."""

    def __init__(self, cameras: PacedCameras, governor: LoadGovernor, clock: Clock) -> None:
        """Keep the collaborators; `run` does the work."""
        self._cameras = cameras
        self._governor = governor
        self._clock = clock
        self._looks: deque[tuple[float, dict[str, CameraState]]] = deque(maxlen=_LOOKS)

    async def run(self, stop: asyncio.Event) -> None:
        """Look until stopped."""
        while not await self._clock.sleep(_EVERY_S, stop):
            self.look()

    def look(self) -> None:
        """Take the counters of this moment, and set the pace they call for."""
        now = self._clock.monotonic()
        before = self._looks[-1][1] if self._looks else {}
        states = {state.camera_id: state for state in self._cameras.states}
        self._looks.append((now, states))
        due = dropped = 0
        for state in states.values():
            earlier = before.get(state.camera_id)
            if earlier is not None and self._warm(state):
                lost = max(0, state.dropped - earlier.dropped)
                due += lost + max(0, state.analysed - earlier.analysed)
                dropped += lost
        level = self._governor.level
        if (new := self._governor.weigh(now, due, dropped)) == level:
            return
        slower = new.share < level.share or new.keyframes_only
        log.warning(
            "analysis slowed: the machine is short" if slower else "analysis quickened",
            share=new.share,
            keyframes_only=new.keyframes_only,
        )
        self._cameras.pace(new)

    def rates(self, camera_id: str) -> FrameRates:
        """How fast a camera is; zeros for one that has not been there for two looks."""
        looks = [(at, states[camera_id]) for at, states in self._looks if camera_id in states]
        if len(looks) < 2:
            return FrameRates()
        (began, first), (ended, last) = looks[0], looks[-1]
        elapsed = ended - began
        if elapsed <= 0 or last.decoded < first.decoded:
            return FrameRates()
        return FrameRates(
            decoded=(last.decoded - first.decoded) / elapsed,
            analysed=(last.analysed - first.analysed) / elapsed,
            dropped=(last.dropped - first.dropped) / elapsed,
        )

    def _warm(self, state: CameraState) -> bool:
        delivering_s = (self._clock.now() - state.since).total_seconds()
        return state.status in _DELIVERS and delivering_s >= _WARM_S
