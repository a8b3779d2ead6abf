"""One camera at work: its supervisor, the pipeline behind it, and the view of it.

Made by `app` for `CameraSet`.
"""

import asyncio
from typing import Final, Protocol

from config.settings import Camera
from streamer.background import Background
from streamer.cameras.frame_tap import FrameTap
from streamer.cameras.load_governor import Level
from streamer.cameras.track_tap import TrackTap
from streamer.domain.camera_state import CameraState
from streamer.ingest.live_view import LiveView
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.supervisor import CameraSupervisor
from streamer.pipeline import longest_gap_s

# The longest a camera may take to stop: its decoder is given 3 s.
STOP_TIMEOUT_S: Final = 6.0
# Keyframes come every second or two, and nobody says how often: a face may be away for so long.
_KEYFRAME_FPS: Final = 0.5


class Analysis(Protocol):
    """What becomes of the frames; `CameraPipeline` is one."""

    async def run(self, frames: LatestFrameMailbox) -> None:
        """Take frames until the mailbox is closed."""
        ...

    def bridge(self, max_gap_s: float) -> None:
        """Follow people over gaps of so many seconds from now on."""
        ...


class RunningCamera:
    """A supervisor fills the mailbox and closes it at the end; that ends the pipeline."""

    def __init__(
        self,
        supervisor: CameraSupervisor,
        mailbox: LatestFrameMailbox,
        analysis: Analysis,
        view: LiveView,
        shown: FrameTap | None = None,
        followed: TrackTap | None = None,
    ) -> None:
        """Keep the parts; nothing runs yet."""
        self.supervisor = supervisor
        self.view = view
        self.shown = shown or FrameTap()
        """The pictures that the analysis has looked at."""
        self.followed = followed or TrackTap()
        """Who is followed in them."""
        self._mailbox = mailbox
        self.analysis = analysis
        self._halt = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def camera(self) -> Camera:
        """Its settings."""
        return self.supervisor.camera

    @property
    def state(self) -> CameraState:
        """What it is doing now."""
        return self.supervisor.state

    def start(self, background: Background) -> None:
        """Begin, as three tasks that must go on until `halt`."""
        name = self.camera.id
        self._tasks = [
            background.start(f"camera {name}", self.supervisor.run(self._halt)),
            background.start(f"pipeline {name}", self.analysis.run(self._mailbox)),
            background.start(f"view {name}", self.view.run(self._halt)),
        ]

    def pace(self, level: Level) -> None:
        """Slow down, or speed up again; the tracker bridges the longer gaps between frames."""
        fps = level.of(self.camera.analyse_fps)
        self.supervisor.pace(fps, keyframes_only=level.keyframes_only)
        seen = min(fps, _KEYFRAME_FPS) if level.keyframes_only else fps
        self.analysis.bridge(longest_gap_s(seen))

    def halt(self) -> None:
        """Tell it to end; whoever started it waits for that."""
        self._halt.set()
        self.shown.close()
        self.followed.close()

    async def end(self, background: Background) -> None:
        """End it and wait until its decoder process is gone."""
        self.halt()
        await background.dismiss(self._tasks, STOP_TIMEOUT_S)
