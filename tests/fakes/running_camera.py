"""A camera that is started, changed and stopped without a decoder."""

from typing import cast

from config.settings import Camera
from streamer.background import Background
from streamer.cameras.load_governor import Level
from streamer.cameras.running_camera import RunningCamera
from streamer.clock import Clock
from streamer.domain.camera_state import CameraState, CameraStatus


class FakeRunningCamera:
    """What `CameraSet` does with a camera that runs."""

    def __init__(self, camera: Camera, clock: Clock) -> None:
        self.camera = camera
        self.state = CameraState(camera.id, CameraStatus.STREAMING, "", clock.now())
        self.view = self

    def start(self, background: Background) -> None: ...

    def pace(self, level: Level) -> None: ...

    def halt(self) -> None: ...

    async def end(self, background: Background) -> None: ...


def fake_running(camera: Camera, clock: Clock) -> RunningCamera:
    return cast(RunningCamera, FakeRunningCamera(camera, clock))
