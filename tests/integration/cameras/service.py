"""A set of cameras with real decoders, and a look at every frame instead of recognition."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from config.settings import Camera
from streamer.background import Background
from streamer.cameras.camera_set import CameraSet, Note
from streamer.cameras.running_camera import RunningCamera
from streamer.clock import SystemClock
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.domain.frame import Frame
from streamer.ingest.live_view import LiveView
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.supervisor import CameraSupervisor


class Analysis:
    """Counts frames; each takes `seconds`."""

    def __init__(self, frames: list[tuple[int, float]], seconds: float) -> None:
        self.gap_s = 0.0
        self._frames = frames
        self._seconds = seconds

    async def run(self, frames: LatestFrameMailbox) -> None:
        while (frame := await frames.get()) is not None:
            await self._look(frame)

    async def _look(self, frame: Frame) -> None:
        self._frames.append((frame.sequence, frame.received_at))
        frame.release()
        await asyncio.sleep(self._seconds)

    def bridge(self, max_gap_s: float) -> None:
        self.gap_s = max_gap_s


class Journal:
    """Keeps everything in order, as text."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def note(self, state: CameraState) -> None:
        self.told.append((state.camera_id, f"{state.status} {state.reason}".strip()))

    def forget(self, camera_id: str, at: datetime) -> None:
        assert at.tzinfo is not None
        self.told.append((camera_id, "removed"))

    def of(self, camera_id: str) -> list[str]:
        return [what for who, what in self.told if who == camera_id]


class Service:
    """What `app` puts around the cameras, without recognition and storage."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.background = Background()
        self.stop = asyncio.Event()
        self.frames: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.analyses: dict[str, Analysis] = {}
        self.seconds = 0.0
        self.cameras = CameraSet(self._make, self.journal, self.background, SystemClock())
        self.background.start("cameras", self.cameras.run(self.stop))

    def _make(self, camera: Camera, note: Note) -> RunningCamera:
        mailbox = LatestFrameMailbox()
        analysis = Analysis(self.frames[camera.id], self.seconds)
        self.analyses[camera.id] = analysis
        view = LiveView(camera, SystemClock())
        supervisor = CameraSupervisor(camera, SystemClock(), mailbox, note, tap=view.tap)
        return RunningCamera(supervisor, mailbox, analysis, view)

    def status(self, camera_id: str) -> CameraStatus | None:
        states = {state.camera_id: state.status for state in self.cameras.states}
        return states.get(camera_id)


@asynccontextmanager
async def serving() -> AsyncIterator[Service]:
    """Cameras meanwhile; a task that dies is an error here, as it is for the service."""
    service = Service()
    watch = asyncio.create_task(service.background.watch(service.stop))
    try:
        yield service
        assert service.stop.is_set() or not watch.done()
    finally:
        service.stop.set()
        await service.background.finish(10)
        await watch
